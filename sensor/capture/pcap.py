"""Read classic pcap: a file header, then records.

Source: draft-ietf-opsawg-pcap §4 and §5; libpcap's sf-pcap.c for what older writers did.

Every record says how long it is and nothing else marks its start, so a length that cannot be
true leaves no way to find the next one: the file is broken there.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

from sensor.capture.window import Sliding, Window
from sensor.frame import Frame

# The most libpcap and Wireshark capture or read for nearly every link type
# (MAXIMUM_SNAPLEN, WTAP_MAX_PACKET_SIZE_STANDARD).
LARGEST_USUAL: Final = 262_144
# Where the header's snap length says more it is believed, up to what memory may be spent on one
# record: a damaged header says anything.
LARGEST: Final = 16 * 1024 * 1024

FILE_HEADER: Final = 24


class _Variant(NamedTuple):
    order: str
    unit: int
    """Nanoseconds in one unit of the sub-second field."""
    record_header: int
    """Octets."""


def _variants() -> dict[bytes, _Variant]:
    """By the four octets of the magic number, in both byte orders."""
    kinds = {
        0xA1B2C3D4: (1_000, 16),
        0xA1B23C4D: (1, 16),
        # A patch to libpcap 0.4 that adds interface, protocol and packet type to each record.
        0xA1B2CD34: (1_000, 24),
    }
    return {
        Struct(order + "I").pack(magic): _Variant(order, unit, record_header)
        for magic, (unit, record_header) in kinds.items()
        for order in "<>"
    }


_VARIANTS: Final = _variants()
MAGICS: Final = tuple(_VARIANTS)

# Up to version 2.2, and in DG/UX's 543.0, the original length stands before the captured one;
# version 2.3 was written both ways (sf-pcap.c).
_SWAPPED: Final = frozenset({(2, 0), (2, 1), (2, 2), (543, 0)})
_MAYBE_SWAPPED: Final = (2, 3)


class Layout(NamedTuple):
    """What the file header says: how records are read, and what every one of them shares."""

    order: str
    unit: int
    """Nanoseconds in one unit of the sub-second field."""
    record_header: int
    """Octets."""
    link: int
    largest: int
    """The most octets a record can be right to say it holds."""
    swapped: bool
    """The original length stands before the captured one."""
    maybe_swapped: bool
    """It does where it is the smaller one."""


def layout(window: Sliding, report: Callable[[str], None]) -> Layout | None:
    """Read the file header; None, and a line reported, where the file is cut in it.

    Args:
        window: The file from its first octet on; `data` begins with one of `MAGICS`.
        report: Takes what is wrong.
    """
    if not window.reach(0, FILE_HEADER):
        report(
            f"{window.broken or 'cut'}, in the file header at octet {len(window.data)}:"
            f" it has {FILE_HEADER} octets"
        )
        return None
    order, unit, record_header = _VARIANTS[bytes(window.data[:4])]
    major, minor, snap_length, link = Struct(order + "HH8xII").unpack_from(window.data, 4)
    return Layout(
        order=order,
        unit=unit,
        record_header=record_header,
        link=link & 0xFFFF,  # the rest says how long a frame check sequence is (§4)
        largest=max(LARGEST_USUAL, min(snap_length, LARGEST)),
        swapped=(major, minor) in _SWAPPED,
        maybe_swapped=(major, minor) == _MAYBE_SWAPPED,
    )


def lengths(data: bytes | memoryview, position: int, layout: Layout) -> tuple[int, int]:
    """Read the captured and the original length of the record that begins at a position."""
    captured, length = Struct(layout.order + "II").unpack_from(data, position + 8)
    if layout.swapped or (layout.maybe_swapped and captured > length):
        captured, length = length, captured
    return captured, length


def frames(window: Window, report: Callable[[str], None]) -> Iterator[Frame]:
    """Read the frames of a pcap file.

    The version is not checked: files with odd ones are read like 2.4. A sub-second field past
    one second counts on into the next.

    Args:
        window: The file from its first octet on; `data` begins with one of `MAGICS`.
        report: Takes, after the last frame, at most one line that says where the file is cut or
            broken.
    """
    form = layout(window, report)
    if form is None:
        return
    order, unit, header, link, largest, swapped, maybe_swapped = form
    data = window.data
    unpack = Struct(order + "IIII").unpack_from
    position = FILE_HEADER
    held = len(data)
    record = 1
    while True:
        if position + header > held:
            if not window.reach(position, header):
                report_end(window, record, header, report)
                return
            data, position, held = window.data, 0, len(window.data)
        seconds, fraction, captured, length = unpack(data, position)
        if swapped or (maybe_swapped and captured > length):
            captured, length = length, captured
        if captured > largest:
            report(too_long(record, window.start + position, captured, largest))
            return
        end = position + header + captured
        if end > held:
            if not window.reach(position, header + captured):
                report_end(window, record, header + captured, report)
                return
            data, position, held = window.data, 0, len(window.data)
            end = header + captured
        # No clamp: 32 bits of seconds end in 2106.
        at = seconds * 1_000_000_000 + fraction * unit
        yield Frame(at, data[position + header : end], link, length)
        position = end
        record += 1


def too_long(record: int, octet: int, captured: int, largest: int) -> str:
    """Say that a record's length cannot be right."""
    return (
        f"record {record} at octet {octet} says it holds {captured}"
        f" octets, at most {largest} can be right: broken there, the rest is left out"
    )


def report_end(window: Sliding, record: int, needed: int, report: Callable[[str], None]) -> None:
    """Say how the file ended, when it is not after a whole record; the window begins there."""
    left = len(window.data)
    if window.broken:
        report(f"{window.broken}, in record {record} at octet {window.start + left}")
    elif left:
        report(
            f"cut in record {record} at octet {window.start}:"
            f" {needed} octets were to come, {left} are there"
        )
