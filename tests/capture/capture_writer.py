"""Write captures octet by octet, independently of the reader, to test it with."""

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from sensor.capture.files import Captures
from sensor.frame import Frame

MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
PATCHED = 0xA1B2CD34

BYTE_ORDER_MAGIC = 0x1A2B3C4D


def pcap_header(
    order: str = "<",
    magic: int = MICROSECONDS,
    *,
    version: tuple[int, int] = (2, 4),
    snap_length: int = 262144,
    link: int = 1,
) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap_length, link)


def pcap_record(frame: Frame, order: str = "<", magic: int = MICROSECONDS) -> bytes:
    seconds, nanoseconds = divmod(frame.at, 10**9)
    fraction = nanoseconds if magic == NANOSECONDS else nanoseconds // 1000
    extra = struct.pack(order + "IHBx", 3, 0x0800, 4) if magic == PATCHED else b""
    lengths = struct.pack(order + "II", len(frame.data), frame.length)
    return struct.pack(order + "II", seconds, fraction) + lengths + extra + frame.data


def pcap(
    frames: Iterable[Frame], order: str = "<", magic: int = MICROSECONDS, *, link: int = 1
) -> bytes:
    header = pcap_header(order, magic, link=link)
    return header + b"".join(pcap_record(frame, order, magic) for frame in frames)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    total = len(body) + 12
    return struct.pack(order + "II", kind, total) + body + struct.pack(order + "I", total)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(
    order: str = "<", *, version: tuple[int, int] = (1, 0), length: int = -1, options: bytes = b""
) -> bytes:
    fields = struct.pack(order + "IHHq", BYTE_ORDER_MAGIC, *version, length)
    return block(0x0A0D0D0A, fields + options, order)


def interface(
    order: str = "<",
    *,
    link: int = 1,
    snap_length: int = 0,
    name: str = "",
    resolution: int | None = None,
    offset: int | None = None,
) -> bytes:
    options = option(2, name.encode(), order) if name else b""
    if resolution is not None:
        options += option(9, bytes([resolution]), order)
    if offset is not None:
        options += option(14, struct.pack(order + "q", offset), order)
    if options:
        options += option(0, b"", order)
    return block(1, struct.pack(order + "HHI", link, 0, snap_length) + options, order)


def enhanced(
    ticks: int,
    data: bytes,
    order: str = "<",
    *,
    number: int = 0,
    length: int | None = None,
    options: bytes = b"",
) -> bytes:
    length = len(data) if length is None else length
    fields = struct.pack(
        order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length
    )
    return block(6, fields + data + bytes(-len(data) % 4) + options, order)


def obsolete(ticks: int, data: bytes, order: str = "<", *, number: int = 0) -> bytes:
    times = (ticks >> 32, ticks & 0xFFFFFFFF)
    fields = struct.pack(order + "HHIIII", number, 0xFFFF, *times, len(data), len(data))
    return block(2, fields + data, order)


def simple(data: bytes, order: str = "<", *, length: int | None = None) -> bytes:
    length = len(data) if length is None else length
    return block(3, struct.pack(order + "I", length) + data, order)


def read(octets: bytes) -> tuple[list[Frame], list[str]]:
    """Read a capture from standard input: its frames and problems."""
    captures = Captures(["-"], stdin=BytesIO(octets))
    return list(captures), captures.problems


def read_files(*paths: Path) -> tuple[list[Frame], list[str]]:
    captures = Captures([str(path) for path in paths])
    return list(captures), captures.problems
