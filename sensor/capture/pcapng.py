"""Read pcapng: blocks in sections, each section with its byte order and interfaces.

Source: draft-ietf-opsawg-pcapng, §3.1 blocks, §3.4 layout of the file, §3.5 options, §4.1
sections, §4.2 interfaces, §4.3 enhanced and §4.4 simple packets, appendix A obsolete packets.

A block tells its length at both ends. Where these disagree there is no way to find the next
block: the file is broken there. A block that is whole but makes no sense loses only itself.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from sensor.capture.window import Sliding, Window
from sensor.frame import Frame
from sensor.stage import LATEST, SECOND, Nanoseconds

_SECTION: Final = 0x0A0D0D0A  # the same in either byte order (§4.1)
_INTERFACE: Final = 1
_OBSOLETE_PACKET: Final = 2
_SIMPLE_PACKET: Final = 3
_ENHANCED_PACKET: Final = 6

MAGICS: Final = (_SECTION.to_bytes(4, "big"),)

_SMALLEST: Final = 12  # type and both lengths (§3.1)
# What libpcap reads too (sf-pcapng.c); a longer block is damage rather than data.
LARGEST: Final = 16 * 1024 * 1024

# As many as the obsolete packet block can name. Real files have one to a few dozen.
MOST_INTERFACES: Final = 65_536
# A name is kept per interface and travels with each frame; Windows' longest are about 60 octets.
LONGEST_NAME: Final = 256

_OPTION_END: Final = 0
_OPTION_NAME: Final = 2
_OPTION_RESOLUTION: Final = 9
_OPTION_OFFSET: Final = 14


_Octets: TypeAlias = bytes | memoryview


class _Order:
    """The layouts in one byte order."""

    def __init__(self, order: str) -> None:
        self.is_big = order == ">"
        self.word = Struct(order + "I")
        self.block = Struct(order + "II")  # type, total length
        self.section = Struct(order + "4xHHq")  # byte order, version, section length
        self.interface = Struct(order + "HxxI")  # link type, snap length
        self.option = Struct(order + "HH")  # code, length
        self.seconds = Struct(order + "q")
        # Interface, time high and low, captured and original length. The obsolete block has a
        # 16-bit interface and a count of drops in place of the 32-bit one.
        self.packets = {
            _ENHANCED_PACKET: Struct(order + "IIIII"),
            _OBSOLETE_PACKET: Struct(order + "HxxIIII"),
        }


_LITTLE: Final = _Order("<")
_ORDERS: Final = {b"\x4d\x3c\x2b\x1a": _LITTLE, b"\x1a\x2b\x3c\x4d": _Order(">")}
_PACKET_HEADER: Final = 20


class _BrokenError(Exception):
    """The file cannot be read past here."""


class _MalformedError(Exception):
    """A block makes no sense; the next one may."""


class Interface(NamedTuple):
    """One capture point: a time is `ticks * multiplier // divisor + offset` nanoseconds."""

    link: int
    snap_length: int
    name: str = ""
    multiplier: int = 1_000
    divisor: int = 1
    offset: int = 0


def frames(window: Window, report: Callable[[str], None]) -> Iterator[Frame]:
    """Read the frames of a pcapng file.

    Times are clamped to 0…`LATEST`. A simple packet block has none: it gets that of the frame
    before it, 0 when it is the first.

    Args:
        window: The file from its first octet on; `data` begins with one of `MAGICS`.
        report: Takes, after the last frame, at most one line that says where the file is cut or
            broken, and one for each kind of block that had to be left out.
    """
    blocks = Blocks(window)
    while blocks.advance():
        if blocks.frame is not None:
            yield blocks.frame
    blocks.report(report)


class Blocks:
    """The blocks of a file, one after the other.

    Attributes:
        position: Where in `window.data` the next block begins. Who has read blocks there by
            other means moves it on, and `number` with it.
        number: The next block's, from 1.
        section: The section that the next block belongs to, unless it begins one.
        frame: What the last block read was, where it was a packet that makes sense.
    """

    def __init__(self, window: Sliding) -> None:
        self._window = window
        self._broken = ""
        self._malformed: dict[str, tuple[int, str]] = {}
        self.position = 0
        self.number = 1
        self.section = Section(_LITTLE, readable=True, at=0)
        self.frame: Frame | None = None

    def advance(self) -> bool:
        """Read the next block; False at the end, or where the file is cut or broken."""
        self.frame = None
        window = self._window
        try:
            found = self._find()
        except _BrokenError as error:
            self._broken = str(error)
            return False
        if found is None:
            return False
        kind, size = found
        begin, self.position = self.position, self.position + size
        number, self.number = self.number, self.number + 1
        try:
            self.frame = self.section.take(kind, window.data, begin + 8, begin + size - 4)
        except _MalformedError as error:
            what = str(error)
            where = f"block {number} at octet {window.start + begin}"
            count, first = self._malformed.get(what, (0, where))
            self._malformed[what] = (count + 1, first)
        return True

    def is_held(self) -> bool:
        """Say whether the next block can be read, or seen to be none, from what is in memory."""
        data, position = self._window.data, self.position
        if position + _SMALLEST > len(data):
            return False
        kind, total = self.section.order.block.unpack_from(data, position)
        if kind == _SECTION:
            order = _ORDERS.get(bytes(data[position + 8 : position + 12]))
            total = order.word.unpack_from(data, position + 4)[0] if order else 0
        return bool(total > LARGEST or position + (total + 3 & ~3) <= len(data))

    def report(self, report: Callable[[str], None]) -> None:
        """Say what was wrong with the file."""
        if self._broken:
            report(self._broken)
        for what, (count, first) in self._malformed.items():
            report(f"{first}: {what}; {count} such left out")

    def _find(self) -> tuple[int, int] | None:
        """Tell the type and the octets of the next block, all in the window then.

        Raises:
            _BrokenError: Where the file is cut, or a length cannot be right.
        """
        window = self._window
        if not self._is_held(_SMALLEST):
            return None
        kind, total = self.section.order.block.unpack_from(window.data, self.position)
        if kind == _SECTION:
            total = self._begin_section()
        if not _SMALLEST <= total <= LARGEST:
            raise _BrokenError(
                f"block {self.number} at octet {window.start + self.position} says it has"
                f" {total} octets, {_SMALLEST} to {LARGEST} can be right: broken there, the rest"
                " is left out"
            )
        # Some writers leave the padding out of the length (wiretap's pcapng.c).
        size = int((total + 3) & ~3)
        if not self._is_held(size):
            return None
        (trailer,) = self.section.order.word.unpack_from(window.data, self.position + size - 4)
        if trailer != total:
            raise _BrokenError(
                f"block {self.number} at octet {window.start + self.position} says it has {total}"
                f" octets at its start and {trailer} at its end: broken there, the rest is left"
                " out"
            )
        return kind, size

    def _is_held(self, needed: int) -> bool:
        """Hold the next octets; False at the end of the file, which is a whole block's."""
        window = self._window
        if self.position + needed <= len(window.data):
            return True
        if window.reach(self.position, needed):
            self.position = 0
            return True
        self.position = 0
        left = len(window.data)
        if window.broken:
            raise _BrokenError(
                f"{window.broken}, in block {self.number} at octet {window.start + left}"
            )
        if left:
            raise _BrokenError(
                f"cut in block {self.number} at octet {window.start}:"
                f" {needed} octets were to come, {left} are there"
            )
        return False

    def _begin_section(self) -> int:
        """Tell a section's byte order, and its header block's total length in that order (§4.1)."""
        window, position = self._window, self.position
        order = _ORDERS.get(bytes(window.data[position + 8 : position + 12]))
        if order is None:
            raise _BrokenError(
                f"block {self.number} at octet {window.start + position} begins a section without"
                " the byte-order magic 1a2b3c4d: broken there, the rest is left out"
            )
        self.section = Section(order, readable=False, at=self.section.at)
        (total,) = order.word.unpack_from(window.data, position + 4)
        return int(total)


class Section:
    """A section: its byte order, its interfaces, and the time of the last frame.

    An interface is None where its block made no sense: it takes a number all the same.
    """

    def __init__(self, order: _Order, *, readable: bool, at: Nanoseconds) -> None:
        self.order = order
        self.interfaces: list[Interface | None] = []
        self.at = at
        self._readable = readable

    def _begin(self, data: _Octets, body: int, end: int) -> None:
        """Read the section's header block.

        The section length is not needed: it would allow to skip the section.
        """
        layout = self.order.section
        major = layout.unpack_from(data, body)[0] if end - body >= layout.size else None
        if major != 1:
            # "it MUST skip everything until the next Section Header Block" (§3.4)
            raise _MalformedError("section of a version that is not 1.x")
        self._readable = True

    def take(self, kind: int, data: _Octets, body: int, end: int) -> Frame | None:
        """Read a block by its body; what is not known is skipped (§3.1).

        Raises:
            _MalformedError: When the block makes no sense.
        """
        if kind == _SECTION:
            self._begin(data, body, end)
            return None
        if not self._readable:
            return None
        if kind in self.order.packets:
            return self._packet(self.order.packets[kind], data, body, end)
        if kind == _SIMPLE_PACKET:
            return self._simple_packet(data, body, end)
        if kind == _INTERFACE:
            self._describe(bytes(data[body:end]))
        return None

    def _packet(self, layout: Struct, data: _Octets, body: int, end: int) -> Frame:
        if end - body < _PACKET_HEADER:
            raise _MalformedError("packet block shorter than its fields")
        number, high, low, captured, length = layout.unpack_from(data, body)
        interface = self._interface(number)
        body += _PACKET_HEADER
        if captured > end - body:
            raise _MalformedError("packet longer than its block")
        at = (high << 32 | low) * interface.multiplier // interface.divisor + interface.offset
        self.at = at if 0 <= at <= LATEST else max(0, min(at, LATEST))
        octets = bytes(data[body : body + captured])
        return Frame(self.at, octets, interface.link, length, interface.name)

    def _simple_packet(self, data: _Octets, body: int, end: int) -> Frame:
        """Read a packet that says nothing but its length: it is of the first interface (§4.4)."""
        if end - body < 4:
            raise _MalformedError("packet block shorter than its fields")
        interface = self._interface(0)
        (length,) = self.order.word.unpack_from(data, body)
        body += 4
        captured = min(length, interface.snap_length or length, end - body)
        octets = bytes(data[body : body + captured])
        return Frame(self.at, octets, interface.link, length, interface.name)

    def _interface(self, number: int) -> Interface:
        interface = self.interfaces[number] if number < len(self.interfaces) else None
        if interface is None:
            raise _MalformedError("packet of an interface that no block before describes")
        return interface

    def _describe(self, body: bytes) -> None:
        if len(self.interfaces) == MOST_INTERFACES:
            raise _MalformedError(f"interface past the first {MOST_INTERFACES}")
        if len(body) < self.order.interface.size:
            self.interfaces.append(None)  # it takes a number all the same
            raise _MalformedError("interface block shorter than its fields")
        self.interfaces.append(_interface(self.order, body))


def _interface(order: _Order, body: bytes) -> Interface:
    """Read an interface description; options that make no sense are as if they were not there."""
    interface = Interface(*order.interface.unpack_from(body))
    for code, value in _options(order, body, order.interface.size):
        if code == _OPTION_NAME:
            # Not always UTF-8, and a zero octet ends it (§3.5, §3.6.3).
            text = value.partition(b"\0")[0][:LONGEST_NAME]
            interface = interface._replace(name=text.decode("utf-8", "replace"))
        elif code == _OPTION_RESOLUTION and len(value) == 1:
            multiplier, divisor = _tick(value[0])
            interface = interface._replace(multiplier=multiplier, divisor=divisor)
        elif code == _OPTION_OFFSET and len(value) == order.seconds.size:
            (seconds,) = order.seconds.unpack(value)
            interface = interface._replace(offset=seconds * SECOND)
    return interface


def _options(order: _Order, body: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """List the options of a block up to their end or the first that is not whole (§3.5)."""
    while position + order.option.size <= len(body):
        code, length = order.option.unpack_from(body, position)
        position += order.option.size
        value = body[position : position + length]
        if code == _OPTION_END or len(value) < length:
            return
        yield code, value
        position += (length + 3) & ~3


def _tick(resolution: int) -> tuple[int, int]:
    """Turn if_tsresol into the nanoseconds of a tick, as a fraction (§4.2)."""
    power = resolution & 0x7F
    if resolution & 0x80:
        return SECOND, 1 << power
    if power <= 9:
        return 10 ** (9 - power), 1
    return 1, 10 ** (power - 9)
