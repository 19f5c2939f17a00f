"""Threads that read files ahead and walk what they read, for one who takes the frames in order.

Any thread reads the next stretch of a file, one thread at a time, then walks it while another
reads on. Nobody guesses where a record begins, and what is taken is what was there, in its order.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensor.capture.ahead import Ahead
from sensor.capture.files import File, Report
from sensor.capture.stretch import Sieve, Slot, Step, Stretch
from sensor.stage import Nanoseconds

# Of one file one thread reads at a time, and reading it takes an eighth of the walk's time or more.
MOST_THREADS: Final = 8

# Stretches for each thread that are read and not taken: one that it walks, and two that wait, for
# what passes comes in swarms. Those that wait are frames, of 2 MiB together at the most.
EACH: Final = 3

# The octets of a stretch. What Python does for each, some 50 µs, no two threads do at once; it is
# a tenth of what 2 MiB take, or less. Each thread has as much memory for itself. Where more rows
# pass than there is room for, a file keeps its stretch: so with many files begun they are shorter.
STRETCH: Final = 2 * 1024 * 1024
TOGETHER: Final = 64 * 1024 * 1024
LEAST: Final = 64 * 1024

# What is to be done: from which file about how many octets are to be read.
_Claimed: TypeAlias = tuple[Ahead, int]


class _Hand:
    """What a thread has for itself. The memory that it used last is in its near cache."""

    def __init__(self, sieve: Sieve) -> None:
        self.arguments = sieve.arguments()
        self._slot: Slot | None = None

    def do(self, ahead: Ahead, octets: int) -> Iterator[Stretch]:
        """Give the next stretch of a file twice: when it was read, and when it was walked."""
        slot = self._slot or Slot(STRETCH)
        stretch = Stretch(slot)
        ahead.read(stretch, octets, self.arguments)
        yield stretch
        stretch.walk(self.arguments)
        self._slot = None if stretch.spans else slot
        yield stretch


class Crew:
    """Threads for the files of one iteration. `close` ends them; nobody takes after that.

    Who takes is one of them, and works while there is nothing to take.
    """

    def __init__(self, threads: int, sieve: Sieve) -> None:
        self._sieve = sieve
        self._size = min(threads, MOST_THREADS)
        self._hand = _Hand(sieve)
        self._begun: list[Ahead] = []  # files whose frames are being taken
        self._early: list[Ahead] = []  # files that come next, of each a stretch may be read
        self._coming: deque[Ahead] = deque()
        self._awaited: Ahead | None = None
        self._stretches = 0
        self._failure: BaseException | None = None
        self._is_closed = False
        self._lock = threading.Lock()
        self._to_read = threading.Condition(self._lock)
        self._to_take = threading.Condition(self._lock)
        self._threads: list[threading.Thread] = []
        for number in range(1, self._size):
            # A daemon: a process that ends amid an iteration does not wait for it.
            thread = threading.Thread(target=self._work, name=f"sieve-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                break  # no more are allowed; those there are do it all
            self._threads.append(thread)

    def expect(self, files: Sequence[File]) -> None:
        """Say which files will be taken, in the order in which they are likely to be begun."""
        with self._lock:
            self._coming.extend(Ahead(file, self._sieve) for file in files)
            self._to_read.notify_all()

    def steps(self, file: File, report: Report, counts: NDArray[np.int64]) -> Iterator[Step]:
        """Take a file from its beginning to its end."""
        ahead = self._begin(file)
        try:
            is_last = False
            while not is_last:
                stretch = self._take(ahead)
                is_last = stretch.is_last
                counts += stretch.counts
                yield from stretch.steps
                while stretch.spans:  # there was no more room for rows
                    stretch.walk(self._hand.arguments)
                    counts += stretch.counts
                    yield from stretch.steps
            yield from ahead.rest(self._hand.arguments, counts)
        finally:
            self._leave(ahead)
        for line in ahead.problems:
            report(line)

    def close(self) -> None:
        """End the threads, each when it has done with its stretch."""
        with self._lock:
            self._is_closed = True
            self._to_read.notify_all()
        for thread in self._threads:
            thread.join()
        for ahead in (*self._begun, *self._early):
            ahead.close()

    def _begin(self, file: File) -> Ahead:
        with self._lock:
            self._admit()
            ahead = next((each for each in self._early if each.file is file), None)
            if ahead is None:
                ahead = Ahead(file, self._sieve)
            else:
                self._early.remove(ahead)
            self._begun.append(ahead)
            self._to_read.notify_all()
            return ahead

    def _leave(self, ahead: Ahead) -> None:
        with self._lock:
            self._awaited = ahead
            while ahead.is_busy and not self._failure:
                self._to_take.wait()
            self._begun.remove(ahead)
        ahead.close()

    def _take(self, ahead: Ahead) -> Stretch:
        """Wait for the next stretch of a file, and do what there is to do meanwhile."""
        while True:
            with self._lock:
                self._awaited = ahead
                if self._failure:
                    raise self._failure
                if ahead.queue and ahead.queue[0].is_walked:
                    self._awaited = None
                    self._stretches -= 1
                    ahead.stretches -= 1
                    self._to_read.notify()
                    return ahead.queue.popleft()
                claimed = self._claimed()
                if claimed is None:
                    self._to_take.wait()
            if claimed is not None:
                self._do(claimed, self._hand)

    def _work(self) -> None:
        """Do one thing after the other, as long as there will be something."""
        with contextlib.suppress(BaseException):  # it is raised where the frames are taken
            hand = _Hand(self._sieve)
            while (claimed := self._wait()) is not None:
                self._do(claimed, hand)

    def _wait(self) -> _Claimed | None:
        with self._lock:
            while not self._is_closed and not self._failure:
                claimed = self._claimed()
                if claimed is not None:
                    return claimed
                self._to_read.wait()
            return None

    def _do(self, claimed: _Claimed, hand: _Hand) -> None:
        ahead, octets = claimed
        try:
            for stretch in hand.do(ahead, octets):
                with self._lock:
                    if not stretch.is_walked:
                        ahead.queue.append(stretch)
                        ahead.is_busy = False
                        ahead.is_read = stretch.is_last
                        ahead.reached = stretch.now or ahead.reached
                        self._to_read.notify()
                    if self._awaited is ahead:
                        self._to_take.notify()
        except BaseException as error:
            with self._lock:
                self._failure = error
                self._to_take.notify()
                self._to_read.notify_all()
            raise

    def _claimed(self) -> _Claimed | None:
        """Claim what is to be done next, if there is anything."""
        ahead = self._next()
        if ahead is None:
            return None
        ahead.is_busy = True
        ahead.stretches += 1
        self._stretches += 1
        files = len(self._begun) + len(self._early)
        return ahead, min(STRETCH, max(LEAST, TOGETHER // files))

    def _next(self) -> Ahead | None:
        """Choose a file to read from: the one that was read up to the earliest time.

        One that is waited for and has no stretch always may have one, so that many stretches of
        what comes later stop nobody.
        """
        self._admit()
        awaited = self._awaited
        if awaited is not None and not awaited.stretches and not awaited.is_read:
            return awaited
        most = EACH * self._size
        if self._stretches >= most:
            return None
        begun = [ahead for ahead in self._begun if not ahead.is_read]
        share = max(1, (most - len(self._early)) // max(1, len(begun)))
        free = [ahead for ahead in begun if ahead.stretches < share and not ahead.is_busy]
        if free:
            return min(free, key=_reached)
        unread = (ahead for ahead in self._early if not ahead.stretches and not ahead.is_read)
        return next(unread, None)

    def _admit(self) -> None:
        """Let some files that come next be read from."""
        while self._coming and len(self._early) < self._size:
            self._early.append(self._coming.popleft())


def _reached(ahead: Ahead) -> Nanoseconds:
    return ahead.reached
