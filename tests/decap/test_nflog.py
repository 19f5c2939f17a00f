"""What Linux's packet filter logs: attributes in the order of the host, one of them the packet."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import nflog
from sensor.decap.header import Header, Id, WireError

ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def attribute(order: str, kind: int, value: bytes, length: int | None = None) -> bytes:
    length = 4 + len(value) if length is None else length
    return struct.pack(f"{order}HH", length, kind) + value + bytes(-len(value) % 4)


def in_front(order: str) -> bytes:
    """Packet header, prefix, and the mark with both flags of netlink."""
    return (
        attribute(order, 1, b"\x08\0\x01\0")
        + attribute(order, 10, b"odd\0!")
        + attribute(order, 0xC002, bytes(4))
    )


def peel(octets: bytes) -> Header:
    return nflog.peel(memoryview(octets))


@ORDERS
@pytest.mark.parametrize("family", [2, 10])
@pytest.mark.parametrize("packet", [b"datagram", b"\x45", b""])
def test_payload_follows_attributes(order: str, family: int, packet: bytes) -> None:
    """
    Every attribute is padded to four octets; the packet ends without its padding.
    """
    octets = bytes([family, 0, 0, 5]) + in_front(order) + attribute(order, 9, packet)

    header = peel(octets + attribute(order, 12, bytes(4)))

    assert ("nflog", None, Id("family", family), packet, 0) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
        header.missing,
    )


@ORDERS
def test_payload_may_come_first(order: str) -> None:
    """
    The order of the octets shows in any type.
    """
    assert bytes(peel(b"\x02\0\0\0" + attribute(order, 9, b"datagram")).rest) == b"datagram"


@ORDERS
def test_length_beyond_the_frame_is_counted(order: str) -> None:
    """
    What is there is kept.
    """
    header = peel(b"\x02\0\0\0" + attribute(order, 9, b"datagram", length=15))

    assert (b"datagram", 3) == (bytes(header.rest), header.missing)


@ORDERS
def test_log_without_the_packet_is_truncated(order: str) -> None:
    """
    The filter may be told to log no octet of it.
    """
    with pytest.raises(WireError) as error:
        peel(b"\x02\0\0\0" + in_front(order))

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED


@ORDERS
@pytest.mark.parametrize("length", [0, 3])
def test_attribute_shorter_than_itself_is_malformed(order: str, length: int) -> None:
    """
    The length counts itself and the type.
    """
    with pytest.raises(WireError) as error:
        peel(b"\x02\0\0\0" + in_front(order) + attribute(order, 3, b"", length=length))

    assert (Anomaly.HEADER_MALFORMED, 4 + len(in_front(order))) == (
        error.value.anomaly,
        error.value.offset,
    )


def test_other_version_is_malformed() -> None:
    """
    There is only version 0.
    """
    with pytest.raises(WireError) as error:
        peel(b"\x02\x01\0\0" + attribute("<", 9, b"datagram"))

    assert (Anomaly.HEADER_MALFORMED, 1) == (error.value.anomaly, error.value.offset)
