"""Read classic pcap: a file header, then records.

Source: draft-ietf-opsawg-pcap §4 and §5; libpcap's sf-pcap.c for what older writers did.

Every record says how long it is and nothing else marks its start, so a length that cannot be
true leaves no way to find the next one: the file is broken there.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

from sensor.capture.window import Window
from sensor.frame import Frame

# The most libpcap and Wireshark capture or read for nearly every link type
# (MAXIMUM_SNAPLEN, WTAP_MAX_PACKET_SIZE_STANDARD).
LARGEST_USUAL: Final = 262_144
# Where the header's snap length says more it is believed, up to what memory may be spent on one
# record: a damaged header says anything.
LARGEST: Final = 16 * 1024 * 1024

_FILE_HEADER: Final = 24


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


def frames(window: Window, report: Callable[[str], None]) -> Iterator[Frame]:
    """Read the frames of a pcap file.

    The version is not checked: files with odd ones are read like 2.4. A sub-second field past
    one second counts on into the next.

    Args:
        window: The file from its first octet on; `data` begins with one of `MAGICS`.
        report: Takes, after the last frame, at most one line that says where the file is cut or
            broken.
    """
    if not window.reach(0, _FILE_HEADER):
        report(
            f"{window.broken or 'cut'}, in the file header at octet {len(window.data)}:"
            f" it has {_FILE_HEADER} octets"
        )
        return
    data = window.data
    order, unit, header = _VARIANTS[data[:4]]
    major, minor, snap_length, link = Struct(order + "HH8xII").unpack_from(data, 4)
    link &= 0xFFFF  # the rest says how long a frame check sequence is (§4)
    largest = max(LARGEST_USUAL, min(snap_length, LARGEST))
    swapped = (major, minor) in _SWAPPED
    maybe_swapped = (major, minor) == _MAYBE_SWAPPED
    unpack = Struct(order + "IIII").unpack_from
    position = _FILE_HEADER
    held = len(data)
    record = 1
    while True:
        if position + header > held:
            if not window.reach(position, header):
                _report_end(window, record, header, report)
                return
            data, position, held = window.data, 0, len(window.data)
        seconds, fraction, captured, length = unpack(data, position)
        if swapped or (maybe_swapped and captured > length):
            captured, length = length, captured
        if captured > largest:
            report(
                f"record {record} at octet {window.start + position} says it holds {captured}"
                f" octets, at most {largest} can be right: broken there, the rest is left out"
            )
            return
        end = position + header + captured
        if end > held:
            if not window.reach(position, header + captured):
                _report_end(window, record, header + captured, report)
                return
            data, position, held = window.data, 0, len(window.data)
            end = header + captured
        # No clamp: 32 bits of seconds end in 2106.
        at = seconds * 1_000_000_000 + fraction * unit
        yield Frame(at, data[position + header : end], link, length)
        position = end
        record += 1


def _report_end(window: Window, record: int, needed: int, report: Callable[[str], None]) -> None:
    """Say how the file ended, when it is not after a whole record."""
    left = len(window.data)
    if window.broken:
        report(f"{window.broken}, in record {record} at octet {window.start + left}")
    elif left:
        report(
            f"cut in record {record} at octet {window.start}:"
            f" {needed} octets were to come, {left} are there"
        )
