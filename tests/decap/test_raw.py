"""Raw IP: the version in the first four bits decides."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import raw
from sensor.decap.header import WireError

IPV4 = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20, 1, 0, 64, 17, 0, b"\x0a\0\0\x01", b"\x0a\0\0\x02")
IPV6 = struct.pack(">IHBB16s16s", 0x60000000, 0, 17, 64, bytes(15) + b"\x01", bytes(15) + b"\x02")


@pytest.mark.parametrize(
    ("octets", "name", "src"), [(IPV4, "ipv4", "10.0.0.1"), (IPV6, "ipv6", "::1")]
)
def test_version_decides(octets: bytes, name: str, src: str) -> None:
    """
    There is no link header, so the path begins with the IP header.
    """
    header = raw.peel(memoryview(octets))

    assert (name, src) == (header.name, header.src)


@pytest.mark.parametrize("first", [0x00, 0x15, 0x50, 0x70, 0xFF])
def test_no_such_version_is_malformed(first: int) -> None:
    """
    Only 4 and 6 are versions of IP that carry UDP and TCP.
    """
    with pytest.raises(WireError) as error:
        raw.peel(memoryview(bytes([first]) + bytes(60)))

    assert error.value.anomaly is Anomaly.HEADER_MALFORMED


def test_nothing_is_truncated() -> None:
    """
    An empty frame has no version.
    """
    with pytest.raises(WireError) as error:
        raw.peel(memoryview(b""))

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
