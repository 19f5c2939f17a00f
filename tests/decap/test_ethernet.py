"""Ethernet: two addresses, then a type or a length."""

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import ethernet
from sensor.decap.header import Header, Id, WireError

MACS = bytes(range(12))


def peel(octets: bytes) -> Header:
    return ethernet.peel(memoryview(octets))


def test_type_says_what_follows() -> None:
    """
    A field of 0x0600 and more is an Ethernet type, and all the rest is what it carries.
    """
    header = peel(MACS + b"\x08\x00" + b"datagram")

    assert ("ethernet", Id("ethertype", 0x0800), b"datagram", 0) == (
        header.name,
        header.next,
        bytes(header.rest),
        header.missing,
    )


def test_length_cuts_padding() -> None:
    """
    A field up to 1500 is the length of an LLC frame: what is behind it is padding.
    """
    header = peel(MACS + b"\x00\x04" + b"four" + bytes(42))

    assert (Id("llc", 0), b"four", 0) == (header.next, bytes(header.rest), header.missing)


def test_length_beyond_the_frame_is_counted() -> None:
    """
    A length of more than there is keeps what is there and counts what is missing.
    """
    header = peel(MACS + b"\x00\x09" + b"four")

    assert (b"four", 5) == (bytes(header.rest), header.missing)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (1500, Id("llc", 0)),
        (1501, Id("ethertype", 1501)),
        (0x05FF, Id("ethertype", 0x05FF)),
        (0x0600, Id("ethertype", 0x0600)),
    ],
)
def test_lengths_end_at_1500(field: int, expected: Id) -> None:
    """
    IEEE 802.3 §3.2.6: between 1500 and 0x0600 a field is neither length nor a known type.
    """
    assert expected == peel(MACS + field.to_bytes(2, "big")).next


@pytest.mark.parametrize("size", [0, 1, 13])
def test_below_fourteen_octets_is_truncated(size: int) -> None:
    """
    Less than a whole header cannot be taken off.
    """
    with pytest.raises(WireError) as error:
        peel(bytes(size))

    assert (Anomaly.HEADER_TRUNCATED, size) == (error.value.anomaly, error.value.offset)
