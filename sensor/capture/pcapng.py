"""Read pcapng: blocks in sections, each section with its byte order and interfaces.

Source: draft-ietf-opsawg-pcapng, §3.1 blocks, §3.4 layout of the file, §3.5 options, §4.1
sections, §4.2 interfaces, §4.3 enhanced and §4.4 simple packets, appendix A obsolete packets.

A block tells its length at both ends. Where these disagree there is no way to find the next
block: the file is broken there. A block that is whole but makes no sense loses only itself.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

from sensor.capture.window import Window
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


class _Order:
    """The layouts in one byte order."""

    def __init__(self, order: str) -> None:
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


class _Interface(NamedTuple):
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
    section = _Section(_LITTLE, readable=True, at=0)
    malformed: dict[str, tuple[int, str]] = {}
    try:
        for number, octet, kind, order, data, body, end in _blocks(window):
            try:
                if kind == _SECTION:
                    section = _Section(order, readable=False, at=section.at)
                    section.begin(data, body, end)
                    continue
                frame = section.take(kind, data, body, end)
            except _MalformedError as error:
                what = str(error)
                count, first = malformed.get(what, (0, f"block {number} at octet {octet}"))
                malformed[what] = (count + 1, first)
                continue
            if frame is not None:
                yield frame
    except _BrokenError as error:
        report(str(error))
    for what, (count, first) in malformed.items():
        report(f"{first}: {what}; {count} such left out")


def _blocks(window: Window) -> Iterator[tuple[int, int, int, _Order, bytes, int, int]]:
    """Find the blocks.

    Yields:
        The block's number from 1, the octet it starts at, its type, the byte order; and octets
        in which its body goes from one offset up to another, padding and options included.

    Raises:
        _BrokenError: Where the file is cut, or a length cannot be right.
    """
    order = _LITTLE
    number = 1
    data, position, held = window.data, 0, len(window.data)
    while True:
        if position + _SMALLEST > held:
            if not window.reach(position, _SMALLEST):
                _end(window, number, _SMALLEST)
                return
            data, position, held = window.data, 0, len(window.data)
        kind, total = order.block.unpack_from(data, position)
        if kind == _SECTION:
            order, total = _section_order(data, position, f"block {number}", window)
        if not _SMALLEST <= total <= LARGEST:
            raise _BrokenError(
                f"block {number} at octet {window.start + position} says it has {total} octets,"
                f" {_SMALLEST} to {LARGEST} can be right: broken there, the rest is left out"
            )
        # Some writers leave the padding out of the length (wiretap's pcapng.c).
        size = (total + 3) & ~3
        if position + size > held:
            if not window.reach(position, size):
                _end(window, number, size)
                return
            data, position, held = window.data, 0, len(window.data)
        (trailer,) = order.word.unpack_from(data, position + size - 4)
        if trailer != total:
            raise _BrokenError(
                f"block {number} at octet {window.start + position} says it has {total} octets at"
                f" its start and {trailer} at its end: broken there, the rest is left out"
            )
        yield number, window.start + position, kind, order, data, position + 8, position + size - 4
        position += size
        number += 1


def _end(window: Window, number: int, needed: int) -> None:
    """End the file, cleanly only after a whole block."""
    left = len(window.data)
    if window.broken:
        raise _BrokenError(f"{window.broken}, in block {number} at octet {window.start + left}")
    if left:
        raise _BrokenError(
            f"cut in block {number} at octet {window.start}:"
            f" {needed} octets were to come, {left} are there"
        )


def _section_order(data: bytes, position: int, block: str, window: Window) -> tuple[_Order, int]:
    """Tell a section's byte order, and its header block's total length in that order (§4.1)."""
    order = _ORDERS.get(data[position + 8 : position + 12])
    if order is None:
        raise _BrokenError(
            f"{block} at octet {window.start + position} begins a section without the byte-order"
            " magic 1a2b3c4d: broken there, the rest is left out"
        )
    (total,) = order.word.unpack_from(data, position + 4)
    return order, total


class _Section:
    """A section: its byte order, its interfaces, and the time of the last frame."""

    def __init__(self, order: _Order, *, readable: bool, at: Nanoseconds) -> None:
        self._order = order
        self._readable = readable
        self._interfaces: list[_Interface | None] = []
        self.at = at

    def begin(self, data: bytes, body: int, end: int) -> None:
        """Read the section's header block.

        The section length is not needed: it would allow to skip the section.
        """
        layout = self._order.section
        major = layout.unpack_from(data, body)[0] if end - body >= layout.size else None
        if major != 1:
            # "it MUST skip everything until the next Section Header Block" (§3.4)
            raise _MalformedError("section of a version that is not 1.x")
        self._readable = True

    def take(self, kind: int, data: bytes, body: int, end: int) -> Frame | None:
        """Read any other block; what is not known is skipped (§3.1)."""
        if not self._readable:
            return None
        if kind in self._order.packets:
            return self._packet(self._order.packets[kind], data, body, end)
        if kind == _SIMPLE_PACKET:
            return self._simple_packet(data, body, end)
        if kind == _INTERFACE:
            self._describe(data[body:end])
        return None

    def _packet(self, layout: Struct, data: bytes, body: int, end: int) -> Frame:
        if end - body < _PACKET_HEADER:
            raise _MalformedError("packet block shorter than its fields")
        number, high, low, captured, length = layout.unpack_from(data, body)
        interface = self._interface(number)
        body += _PACKET_HEADER
        if captured > end - body:
            raise _MalformedError("packet longer than its block")
        at = (high << 32 | low) * interface.multiplier // interface.divisor + interface.offset
        self.at = at if 0 <= at <= LATEST else max(0, min(at, LATEST))
        octets = data[body : body + captured]
        return Frame(self.at, octets, interface.link, length, interface.name)

    def _simple_packet(self, data: bytes, body: int, end: int) -> Frame:
        """Read a packet that says nothing but its length: it is of the first interface (§4.4)."""
        if end - body < 4:
            raise _MalformedError("packet block shorter than its fields")
        interface = self._interface(0)
        (length,) = self._order.word.unpack_from(data, body)
        body += 4
        captured = min(length, interface.snap_length or length, end - body)
        octets = data[body : body + captured]
        return Frame(self.at, octets, interface.link, length, interface.name)

    def _interface(self, number: int) -> _Interface:
        interface = self._interfaces[number] if number < len(self._interfaces) else None
        if interface is None:
            raise _MalformedError("packet of an interface that no block before describes")
        return interface

    def _describe(self, body: bytes) -> None:
        if len(self._interfaces) == MOST_INTERFACES:
            raise _MalformedError(f"interface past the first {MOST_INTERFACES}")
        if len(body) < self._order.interface.size:
            self._interfaces.append(None)  # it takes a number all the same
            raise _MalformedError("interface block shorter than its fields")
        self._interfaces.append(_interface(self._order, body))


def _interface(order: _Order, body: bytes) -> _Interface:
    """Read an interface description; options that make no sense are as if they were not there."""
    interface = _Interface(*order.interface.unpack_from(body))
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
