"""Read event log files: every record of every file, each event once, in the order of time.

This is the endpoint package's only file that opens anything. What is wrong with a file is a line
in `EventLog.problems`, what is wrong with a record a count in `EventLog.rejected`; the rest is
read all the same. The order of files, of records in them and of duplicates changes nothing.
"""

import contextlib
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final, TypeAlias

import msgspec

from sensor.capture import compressed
from sensor.capture.window import StreamError
from sensor.endpoint import evtx_file, formats, windows_xml
from sensor.endpoint.calibration import Calibration
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.interpret import interpret
from sensor.endpoint.reasons import Reason
from sensor.endpoint.record import RejectedError
from sensor.endpoint.splitter import Json, Piece, Rejected, Xml, split
from sensor.stage import LATEST, MILLISECOND

STDIN: Final = "-"

_BLOCK: Final = 128 * 1024
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
EXPECTED: Final = (
    "expected Sysmon events as JSON (Winlogbeat, NXLog …), Windows Event XML or EVTX, "
    "plain or compressed with gzip, zstd or xz"
)

# A format that does not say the channel means the one Sysmon writes to.
_CHANNEL: Final = "microsoft-windows-sysmon/operational"

_Key: TypeAlias = tuple[str, str, int, int] | ProcessEvent


class EventLog(msgspec.Struct, frozen=True):
    """What the files hold.

    `events` are sorted by (`at`, computer, record id, content), `at` being the record time
    corrected by the computer's calibration. `read` counts the Sysmon events 1, 3, 5 and 22,
    duplicates included; `duplicate` those of them that were there before; `rejected` the records
    that could not be read, by reason. `problems` are lines for a person: file, what, where.
    `unrecognised` names the files that were read and hold no record at all.
    """

    events: tuple[ProcessEvent, ...]
    read: int
    duplicate: int
    rejected: dict[str, int]
    problems: list[str]
    unrecognised: list[str] = []


def read_events(paths: Sequence[str], *, stdin: BinaryIO | None = None) -> EventLog:
    """Read the events of all files.

    Args:
        paths: Files, `-` for standard input.
        stdin: What `-` is, `sys.stdin.buffer` by default. It is not closed.

    Returns:
        The events and the counts. Nothing a file holds or lacks raises.
    """
    reading = _Reading()
    for path in paths:
        reading.file(path, stdin)
    return EventLog(
        events=_in_order(_corrected(reading.kept.values())),
        read=reading.read,
        duplicate=reading.read - len(reading.kept),
        rejected=dict(sorted(reading.rejected.items())),
        problems=reading.problems,
        unrecognised=reading.unrecognised,
    )


class _Reading:
    """What has been read so far. It grows with the events, as they are the result."""

    def __init__(self) -> None:
        self.kept: dict[_Key, ProcessEvent] = {}
        self.read = 0
        self.rejected: Counter[str] = Counter()
        self.problems: list[str] = []
        self.unrecognised: list[str] = []

    def file(self, path: str, stdin: BinaryIO | None) -> None:
        """Read one file; whatever is wrong with it becomes a problem."""
        name = "standard input" if path == STDIN else path
        try:
            with _opened(path, stdin) as file:
                self._blocks(name, compressed.expand(iter(lambda: file.read(_BLOCK), b"")))
        except OSError as error:
            self.problems.append(f"{name}: cannot be read: {error.strerror or error}")
        except ValueError as error:  # a path with a NUL in it
            self.problems.append(f"{name}: cannot be read: {error}")
        except (StreamError, evtx_file.CutError) as error:
            self.problems.append(f"{name}: {error}; the events before that are read")

    def _blocks(self, name: str, blocks: Iterator[bytes]) -> None:
        head = b""
        with contextlib.suppress(StopIteration):
            while len(head) < len(evtx_file.MAGIC):
                head += next(blocks)
        whole = itertools.chain([head], blocks)
        if head.startswith(evtx_file.MAGIC):
            self._pieces(evtx_file.read(whole))
            return
        rejected = self.rejected.total()
        records, cut_at = self._pieces(split(whole))
        if cut_at is not None:
            self.problems.append(
                f"{name}: line {cut_at}: the file ends within a record; its end is missing"
            )
        elif not records and self.rejected.total() > rejected and b"\0" not in head:
            self.unrecognised.append(name)
        elif not records and b"\0" in head and not head.startswith(_UTF16):
            self.problems.append(f"{name}: this is no event log; {EXPECTED}")

    def _pieces(self, pieces: Iterable[Piece]) -> tuple[int, int | None]:
        """Take one file's pieces; give the number of records and the line the file is cut in."""
        records = 0
        cut_at = None
        for piece in pieces:
            try:
                records += self._piece(piece)
            except RejectedError as rejection:
                self.rejected[str(rejection)] += 1
                if isinstance(piece, Rejected) and piece.reason is Reason.CUT:
                    cut_at = piece.line
        return records, cut_at

    def _piece(self, piece: Piece) -> bool:
        match piece:
            case Json(value):
                record = formats.read(value)
            case Xml(text):
                record = windows_xml.read(text)
            case Rejected(reason):
                raise RejectedError(reason)
        event = interpret(record)
        if event is not None:
            self._keep(event)
        return True

    def _keep(self, event: ProcessEvent) -> None:
        """Keep an event, of its duplicates the same one whichever came first."""
        self.read += 1
        key = _key(event)
        other = self.kept.setdefault(key, event)
        if other is not event and _preference(event) < _preference(other):
            self.kept[key] = event


@contextlib.contextmanager
def _opened(path: str, stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    if path == STDIN:
        file = stdin or (sys.stdin and sys.stdin.buffer)
        if not file:
            raise OSError("it is closed")
        yield file
        return
    with open(path, "rb") as file:  # noqa: PTH123  # paths are the user's words
        yield file


def _key(event: ProcessEvent) -> _Key:
    """Say what makes two events one: a record's identity, else everything.

    Record ids start again when a log is cleared, so the time belongs to it; to the millisecond,
    which is all that some formats keep of it.
    """
    if event.record_id is None:
        return event
    channel = event.channel.lower() or _CHANNEL
    return event.computer, channel, event.record_id, event.record_time // MILLISECOND


def _preference(event: ProcessEvent) -> tuple[bool, str]:
    """Order duplicates: first those that tell the host's addresses, then by all they hold."""
    return not event.addresses, repr(event)


def _corrected(events: Iterable[ProcessEvent]) -> list[ProcessEvent]:
    """Take each computer's shift off its events' times."""
    held = list(events)
    calibration = Calibration()
    for event in held:
        calibration.observe(event)
    return [_shifted(event, calibration.shift(event.computer, event.record_time)) for event in held]


def _shifted(event: ProcessEvent, shift: int) -> ProcessEvent:
    if not shift:
        return event
    return msgspec.structs.replace(event, at=min(max(event.record_time - shift, 0), LATEST))


def _in_order(events: list[ProcessEvent]) -> tuple[ProcessEvent, ...]:
    """Sort, by content only where all else is equal: writing an event out costs more."""
    events.sort(key=_place)
    return tuple(
        event
        for _, tied in itertools.groupby(events, key=_place)
        for event in _by_content(list(tied))
    )


def _by_content(tied: list[ProcessEvent]) -> list[ProcessEvent]:
    return sorted(tied, key=repr) if len(tied) > 1 else tied


def _place(event: ProcessEvent) -> tuple[int, str, bool, int]:
    return event.at, event.computer, event.record_id is not None, event.record_id or 0
