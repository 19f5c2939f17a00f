"""A VLAN tag: priority and identifier, then a type or a length."""

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import vlan
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return vlan.peel(memoryview(octets))


def test_identifier_is_the_low_twelve_bits() -> None:
    """
    Priority and drop eligibility share the first two octets with the identifier.
    """
    header = peel(b"\xf0\x0a\x86\xdd" + b"datagram")

    assert ("vlan", 10, Id("ethertype", 0x86DD), b"datagram") == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


def test_priority_tag_has_identifier_zero() -> None:
    """
    A tag that only carries a priority is a tag all the same.
    """
    assert peel(b"\xe0\x00\x08\x00").tag == 0


def test_tagged_length_means_llc() -> None:
    """
    Behind a tag too, a field up to 1500 is a length.
    """
    header = peel(b"\x00\x01\x00\x03" + b"llc" + bytes(40))

    assert (Id("llc", 0), b"llc") == (header.next, bytes(header.rest))


def test_half_a_tag_is_truncated() -> None:
    """
    Less than four octets are no tag.
    """
    with pytest.raises(WireError) as error:
        peel(b"\x00\x0a\x08")

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
