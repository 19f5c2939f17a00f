"""Fuzz the kernels: change frames and captures, and hold what the kernels say to the river.

    python -m tests.sieve.fuzz [--inputs N | --minutes N] [--seed N] [--keep]

Of each frame: what the river finds passes, what it counts is counted, alone in an array of its
length and among other octets. Of each capture: what passes of it, what is counted and what is told
to be wrong are those of the reader in Python; and octets behind the held ones change nothing. No
input may raise.

The inputs come of the corpus beside this, of the cases in pcaps/, of drawn traffic, and of real
captures where they are. `--keep` adds to the corpus what breaks the law; with NUMBA_DISABLE_JIT=1,
where kernels are plain Python, also what takes a new way through them; nothing then comes of real
captures. With NUMBA_BOUNDSCHECK=1 nothing is run before a read out of bounds was seen to raise.

A fuzzer of Python such as atheris is led by the bytecode that an input runs; compiled kernels run
none. So the way is told here where nothing is compiled, and where it is, inputs are many and blind.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from sensor.capture.files import Captures
from sensor.capture.sifted import Sieve, Sifted
from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.compiled import config, kernel
from sensor.sieve.reasons import LAST_DROPPED
from sensor.sieve.walk import At, Walk
from tests.capture.capture_writer import (
    MICROSECONDS,
    NANOSECONDS,
    PATCHED,
    enhanced,
    interface,
    option,
    pcap,
    section,
)
from tests.realdata import REALDATA
from tests.sieve import ways
from tests.sieve.law import BEHIND, CASES, World, frames
from tests.sieve.mixtures import drawn, frames_of
from tests.sieve.mutate import changed

CORPUS: Final = Path(__file__).with_name("corpus")
FRAMES: Final = CORPUS / "frames.txt"  # a link type and octets in hexadecimal, one frame a line
CAPTURES: Final = CORPUS / "captures.txt"  # octets in hexadecimal, one capture a line
LINKS: Final = (1, 1, 1, 1, 0, 9, 12, 50, 51, 101, 108, 113, 276)
CAPTURE_SHARE: Final = 0.15
LARGEST_REAL: Final = 300_000  # octets of a real capture
EVERY_REAL: Final = 7  # one in so many of their frames

WORLD: Final = World()

# A frame with its link type, or a capture.
Linked: TypeAlias = tuple[int, bytes]
Input: TypeAlias = Linked | bytes


@kernel
def beyond(octets: Any, at: Any) -> Any:
    """Read an octet; the caller has not made sure that it is there."""
    return octets[at]


def are_bounds_checked() -> bool:
    """Say whether a kernel that reads past its array raises."""
    try:
        beyond(np.frombuffer(b"abc", dtype=np.uint8), 3)
    except IndexError:
        return True
    return False


def wrong_with_frame(data: bytes, link: int) -> str:
    """Say how the law is broken for a frame, nothing where it is kept."""
    try:
        return WORLD.broken(data, link)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is a finding)
        return f"raises {error!r}"


def wrong_with_capture(octets: bytes) -> str:
    """Say in what a sifted capture differs from one that is read whole."""
    try:
        return _against_the_reader(octets) or _against_what_is_behind(octets)
    except Exception as error:  # noqa: BLE001
        return f"raises {error!r}"


def _against_the_reader(octets: bytes) -> str:
    sieve = Sieve(lambda: WORLD.arguments)
    captures = Captures(["-"], stdin=BytesIO(octets))
    sifted = Sifted(["-"], sieve, stdin=BytesIO(octets))
    expected, now, passed = [], 0, 0
    counts = np.zeros((2, walk.REASONS), dtype=np.int64)
    for frame in captures:
        now = max(now, frame.at)
        reason = WORLD.judged(frame.data, frame.link)
        counts[:, reason] += 1, len(frame.data)
        if reason > LAST_DROPPED:
            expected.append((now, frame))
            passed += 1
    survivors = list(sifted)
    if expected != survivors:
        return f"{len(survivors)} frames pass, {passed} should"
    if (now, captures.problems) != (sifted.now, sifted.problems):
        return f"ends at {sifted.now} with {sifted.problems}, not {now} with {captures.problems}"
    if counts.tolist() != sifted.counts.by_reason.tolist():
        return f"counts {sifted.counts.by_reason.tolist()}, not {counts.tolist()}"
    return ""


_FORM: Final = np.array([0, 1_000, 16, 1, 262_144, 0, 1], dtype=np.int64)
_POINTS: Final = np.array([[1, 1_000, 1, 0, 1 << 50], [101, 1, 3, 7, 1 << 40]], dtype=np.int64)


def _against_what_is_behind(octets: bytes) -> str:
    """Walk what is held as both formats, in an array of its length and in one that goes on."""
    for number in range(2):
        alone, among = (_walked(number, octets + behind, len(octets)) for behind in (b"", BEHIND))
        if alone != among:
            return f"format {number}: {alone} alone, {among} among other octets"
        if not 0 <= alone[2][At.POSITION] <= len(octets):
            return f"format {number}: stops at {alone[2][At.POSITION]} of {len(octets)}"
    return ""


def _walked(number: int, octets: bytes, held: int) -> tuple[int, list[list[int]], list[int]]:
    going = Walk.begun(0, np.zeros((2, walk.REASONS), dtype=np.int64), room=1000)
    array = np.frombuffer(octets, dtype=np.uint8)
    if number:
        own: tuple[Any, ...] = (False, _POINTS, len(_POINTS))
        step: Any = walk.walk_blocks
    else:
        own, step = (_FORM,), walk.walk_records
    stop = step(array, held, held, *own, *going, *WORLD.arguments)
    return stop, going.taken(), going.state.tolist()


def read_frames() -> list[Linked]:
    found = []
    for line in FRAMES.read_text().splitlines():
        link, _, octets = line.partition(" ")
        found.append((int(link), bytes.fromhex(octets)))
    return found


def read_captures() -> list[bytes]:
    return [bytes.fromhex(line) for line in CAPTURES.read_text().splitlines()]


kept_frames: Final = cache(read_frames)
kept_captures: Final = cache(read_captures)


@cache
def own_frames() -> list[Linked]:
    """The frames of the cases in pcaps/."""
    paths = sorted(path for path in CASES.rglob("*.pcap*") if path.stat().st_size < 20_000)
    return [(frame.link, frame.data) for path in paths for frame in frames(path)]


@cache
def drawn_frames() -> list[Linked]:
    return [(1, data) for part in drawn(8, 3000) for data in frames_of(part)]


@cache
def _real() -> list[Linked]:
    """Some frames of the real captures, none where these are not."""
    paths = [path for path in sorted((REALDATA / "pcaps").rglob("*")) if path.is_file()]
    return [
        (frame.link, frame.data)
        for path in paths
        if path.stat().st_size < LARGEST_REAL
        for frame in frames(path)[::EVERY_REAL]
    ]


class Inputs:
    """Frames and captures without end, always the same of one seed and pools."""

    def __init__(self, seed: int, *, with_real: bool) -> None:
        self._chance = random.Random(seed)
        pools = (kept_frames(), own_frames(), drawn_frames(), _real() if with_real else [])
        self._pools = [pool for pool in pools if pool]

    def __iter__(self) -> Iterator[Input]:
        while True:
            yield self._capture() if self._chance.random() < CAPTURE_SHARE else self._frame()

    def _any(self) -> Linked:
        return self._chance.choice(self._chance.choice(self._pools))

    def _frame(self) -> Linked:
        """A changed frame, mostly with the link type that it had."""
        link, octets = self._any()
        if self._chance.random() < 0.1:
            link = self._chance.choice(LINKS)
        return link, changed(self._chance, octets, self._any()[1])

    def _capture(self) -> bytes:
        """A changed capture, one that was kept or one of a few frames."""
        chance = self._chance
        if kept_captures() and chance.random() < 0.5:
            return changed(chance, chance.choice(kept_captures()), b"")
        octets = written(chance, [self._any() for _ in range(chance.randint(0, 4))])
        return changed(chance, octets, b"") if chance.random() < 0.8 else octets


def written(chance: random.Random, linked: list[Linked]) -> bytes:
    """A capture of frames in either format, order and unit, at a few times."""
    some = [
        Frame(chance.choice([0, 1, 5, 9, 1 << 31]) * 1_000_000, data, link, len(data))
        for link, data in linked
    ]
    order = chance.choice("<>")
    if chance.random() < 0.5:
        magic = chance.choice([MICROSECONDS, NANOSECONDS, PATCHED])
        return pcap(some, order, magic, link=chance.choice(LINKS))
    options = chance.choice([b"", option(1, b"noted", order)])
    head = section(order) + b"".join(
        interface(order, link=link, resolution=chance.choice([None, 6, 9, 0x83]), offset=place)
        for place, link in enumerate(chance.sample(LINKS, 2))
    )
    return head + b"".join(
        enhanced(each.at, each.data, order, number=chance.randrange(2), options=options)
        for each in some
    )


def line_of(given: Input) -> tuple[Path, str]:
    """The file and the line by which an input is kept."""
    if isinstance(given, bytes):
        return CAPTURES, given.hex()
    return FRAMES, f"{given[0]} {given[1].hex()}"


def wrong(given: Input) -> str:
    """Say what is wrong with an input, nothing where all is well."""
    if isinstance(given, bytes):
        return wrong_with_capture(given)
    return wrong_with_frame(given[1], given[0])


def corpus() -> list[Input]:
    """All that was kept."""
    return [*kept_frames(), *kept_captures()]


def keep(given: Input) -> None:
    """Add an input to the corpus."""
    path, line = line_of(given)
    with path.open("a") as file:
        file.write(f"{line}\n")


def fuzz(seed: int, count: int, until: float, *, is_kept: bool) -> int:
    """Try the corpus and so many other inputs, tell what is wrong, and give how many."""
    steps: set[ways.Step] = set()
    broken = sum(_tried(given, steps, is_kept=False) for given in corpus())
    fresh: Iterator[Input] = iter(Inputs(seed, with_real=not is_kept))
    if is_kept:
        short = sorted((*own_frames(), *drawn_frames()), key=lambda linked: len(linked[1]))
        fresh = itertools.chain(short, fresh)
    tried = 0
    for given in itertools.islice(fresh, count):
        if time.monotonic() > until:
            break
        broken += _tried(given, steps, is_kept=is_kept)
        tried += 1
    print(f"{len(corpus())} kept and {tried} other inputs, {broken} break the law")
    if steps:
        seen = {(name, line) for name, _, line in steps}
        print(f"{len(seen & ways.lines())} of {len(ways.lines())} lines run, {len(steps)} steps")
        for name, line in sorted(ways.lines() - seen):
            print(f"  {name} never ran line {line}")
    return broken


def _tried(given: Input, steps: set[ways.Step], *, is_kept: bool) -> bool:
    how = ""

    def run() -> None:
        nonlocal how
        how = wrong(given)

    if config.DISABLE_JIT:
        new = ways.taken(run) - steps
        steps |= new
    else:
        new = set()
        run()
    if how:
        print(f"{line_of(given)[1][:400]}\n  {how[:400]}", flush=True)
    if is_kept and (how or new):
        keep(given)
    return bool(how)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=sys.maxsize)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if config.BOUNDSCHECK and not are_bounds_checked():
        print("a read out of bounds does not raise")
        return 2
    print(f"seed {given.seed}, bounds {'' if config.BOUNDSCHECK else 'not '}checked", flush=True)
    until = time.monotonic() + 60 * given.minutes
    return 1 if fuzz(given.seed, given.inputs, until, is_kept=given.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
