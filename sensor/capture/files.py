"""Open capture files and read them as one stream, merged by time where they overlap.

A file is a capture by its first octets, plain or compressed, never by its name. What is wrong
with a file is a line in `Captures.problems`; what was whole before it is read all the same, and
the other files go on.

Of several files only those that overlap are open at once: each is opened to learn when it begins
and closed again until its turn comes, so a thousand rotated captures cost no more than two.
"""

import contextlib
import heapq
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, TypeVar

from sensor.capture import compressed, pcap, pcapng
from sensor.capture.window import Sliding, StreamError, Window
from sensor.frame import Frame
from sensor.stage import Nanoseconds

STDIN: Final = "-"

_Reader: TypeAlias = Callable[[Window, Callable[[str], None]], Iterator[Frame]]
_READERS: Final[dict[bytes, _Reader]] = {
    **dict.fromkeys(pcap.MAGICS, pcap.frames),
    **dict.fromkeys(pcapng.MAGICS, pcapng.frames),
}
MAGIC: Final = 4
_EXPECTED: Final = "expected pcap or pcapng, plain or compressed with gzip, zstd or xz"

AnyWindow = TypeVar("AnyWindow", bound=Sliding)

# Takes a line that says what is wrong.
Report: TypeAlias = Callable[[str], None]

_Frames: TypeAlias = Generator[Frame, None, None]
# The time of the file's next frame, its place among the paths, the frame, and the frames after
# it. The last two are None while the file is closed. The place settles ties, so a comparison
# never gets to the frame.
_Next: TypeAlias = tuple[Nanoseconds, int, Frame | None, _Frames | None]


class Files:
    """Capture files to be read as one stream.

    Args:
        paths: Files, `-` for standard input.
        stdin: What `-` is, `sys.stdin.buffer` by default. It is not closed.

    Attributes:
        problems: One line for each thing wrong with a file: the path, what is wrong, where
            (record or block, offset of the octet after decompression), what would be right.
            Filled while iterating. Nothing a file holds or lacks raises.
        octets_total: The size of all files as they are on disk, None when one has no size.
    """

    def __init__(self, paths: Sequence[str], *, stdin: BinaryIO | None = None) -> None:
        self.problems: list[str] = []
        self._files = [File(path, stdin) for path in paths]
        sizes = [file.size for file in self._files]
        self.octets_total = None if None in sizes else sum(filter(None, sizes))

    @property
    def octets_read(self) -> int:
        """Octets taken from the files so far, before decompression."""
        return sum(file.octets_read for file in self._files)

    def _reporter(self, place: int) -> Report:
        name = self._files[place].name
        return lambda line: self.problems.append(f"{name}: {line}")


class Captures(Files):
    """The frames of capture files as one stream.

    Iterating yields all frames, always the earliest of the files' next ones; of equal ones that
    of the earlier path. The order within a file is kept even when its times go back. Iterating
    again reads the files again; standard input has nothing more then.
    """

    def __iter__(self) -> Iterator[Frame]:
        self.problems.clear()
        queue: list[_Next] = []
        try:
            for place in range(len(self._files)):
                self._begin(place, queue)
            heapq.heapify(queue)
            yield from self._merge(queue)
        finally:
            for *_, rest in queue:
                if rest is not None:
                    rest.close()

    def _begin(self, place: int, queue: list[_Next]) -> None:
        """Put a file's first frame into the queue, when it has one."""
        entry = self._open(place)
        if entry is None:
            return
        at, _, _, rest = entry
        # A pipe, which has no size, gives its octets only once. Nothing is reported twice:
        # readers report after their last frame.
        if rest is not None and len(self._files) > 1 and self._files[place].size is not None:
            rest.close()
            self._files[place].octets_read = 0
            entry = (at, place, None, None)
        queue.append(entry)

    def _open(self, place: int) -> _Next | None:
        file = self._files[place]
        rest = file.frames(self._reporter(place))
        first = next(rest, None)
        return None if first is None else (first.at, place, first, rest)

    def _merge(self, queue: list[_Next]) -> Iterator[Frame]:
        """Take from the file at the head of the queue for as long as it is the earliest."""
        while queue:
            _, place, frame, rest = queue[0]
            if frame is None or rest is None:
                reopened = self._open(place)
                if reopened is None:
                    heapq.heappop(queue)
                else:
                    heapq.heapreplace(queue, reopened)
                continue
            yield frame
            if len(queue) == 1:
                yield from rest
                queue.clear()
                return
            rival_at, rival_place, _, _ = min(queue[1:3])  # the second smallest of a heap
            limit = rival_at if rival_place < place else rival_at + 1
            for following in rest:
                if following.at >= limit:
                    heapq.heapreplace(queue, (following.at, place, following, rest))
                    break
                yield following
            else:
                heapq.heappop(queue)


class File:
    """One path: how to open it, and how much of it was read.

    `size` is None for what has none, a pipe: it gives its octets only once.
    """

    def __init__(self, path: str, stdin: BinaryIO | None) -> None:
        self._path = None if path == STDIN else Path(path)
        self._stdin = stdin
        self.name = "standard input" if self._path is None else _printable(path)
        self.size = None if self._path is None else _size(self._path)
        self.octets_read = 0

    def frames(self, report: Report) -> _Frames:
        """Open the file, read its frames, close it. Reports what is wrong, raises nothing."""
        with self.opened(report, lambda stream: Window(stream.chunks())) as window:
            if window is not None:
                yield from _READERS[window.data[:MAGIC]](window, report)

    @contextlib.contextmanager
    def opened(
        self, report: Report, make: Callable[["Stream"], AnyWindow]
    ) -> Iterator[AnyWindow | None]:
        """Open the file, and close it afterwards.

        Gives a window, made of its octets, that begins with the magic number of one of the
        formats; None where there is nothing to read, and that is reported.
        """
        self.octets_read = 0
        with contextlib.ExitStack() as stack:
            try:
                source = self._source(stack)
            except (OSError, ValueError) as error:
                report(f"cannot be opened ({_reason(error)}); {_EXPECTED}")
                yield None
                return
            window = make(Stream(self, source))
            window.reach(0, MAGIC)
            wrong = _what_is_wrong(window)
            if wrong:
                report(wrong)
            yield None if wrong else window

    def _source(self, stack: contextlib.ExitStack) -> BinaryIO:
        if self._path is not None:
            # Unbuffered: it is read in large chunks anyway.
            return stack.enter_context(self._path.open("rb", buffering=0))
        if self._stdin is not None:
            return self._stdin
        if sys.stdin is None:
            raise OSError("there is none")
        return sys.stdin.buffer


class Stream:
    """The octets of a file that is open."""

    def __init__(self, file: File, source: BinaryIO) -> None:
        self._file = file
        self._source = source

    def chunks(self) -> Iterator[bytes]:
        """Give the octets, decompressed, in pieces."""
        return compressed.expand(self._chunks())

    def is_plain(self) -> bool:
        """Say whether they can be had by `read_into`: a file on disk that is not compressed."""
        if self._file.size is None:
            return False
        try:
            head = os.pread(self._source.fileno(), compressed.LONGEST_MAGIC, 0)
        except (OSError, ValueError):
            return False  # whoever reads on meets the same and says so
        return not compressed.is_compressed(head)

    def read_into(self, into: memoryview) -> int:
        """Write the next octets of a plain file there; say how many, 0 at the end.

        Raises:
            StreamError: When a read fails.
        """
        read: Callable[[memoryview], int | None] = getattr(self._source, "readinto")  # noqa: B009
        try:
            came = read(into) or 0
        except (OSError, ValueError) as error:
            raise StreamError(f"cannot be read further ({_reason(error)})") from error
        self._file.octets_read += came
        return came

    def _chunks(self) -> Iterator[bytes]:
        # `read1` where there is one: a live pipe is handed on as it comes.
        read: Callable[[int], bytes | None] = getattr(self._source, "read1", self._source.read)
        while True:
            try:
                chunk = read(compressed.CHUNK)
            except (OSError, ValueError) as error:
                raise StreamError(f"cannot be read further ({_reason(error)})") from error
            if not chunk:
                return
            self._file.octets_read += len(chunk)
            yield chunk


def _what_is_wrong(window: Sliding) -> str:
    """Say why this begins no capture; nothing where it does."""
    if window.broken and len(window.data) < MAGIC:
        return f"{window.broken}, at octet {len(window.data)}, before the first record"
    if not window.data:
        return f"is empty; {_EXPECTED}"
    head = bytes(window.data[:MAGIC])
    if head not in _READERS:
        return f"is not a capture: it begins with {head.hex(' ')} at octet 0; {_EXPECTED}"
    return ""


def _size(path: Path) -> int | None:
    """Look up the octets on disk: None for a pipe, 0 for what cannot be opened anyway."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _printable(path: str) -> str:
    """Put the path on one line, whatever its octets."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)
