"""Teredo: the two indications in front of IPv6."""

import pytest
from scapy.layers.inet6 import IPv6

from sensor.anomalies import Anomaly
from sensor.decap import teredo
from sensor.decap.header import Header, Id, WireError

BUBBLE = bytes(IPv6(nh=59))
ORIGIN = bytes.fromhex("0000 ef5a 3ffffdfe")


def authentication(identifier: bytes = b"", value: bytes = b"") -> bytes:
    lengths = bytes([len(identifier), len(value)])
    return b"\0\x01" + lengths + identifier + value + bytes(8) + b"\x01"


def peel(octets: bytes) -> Header:
    return teredo.peel(memoryview(octets))


@pytest.mark.parametrize("origin", [b"", ORIGIN])
@pytest.mark.parametrize("first", [b"", authentication(), authentication(b"\0" * 255, b"\xff" * 9)])
def test_indications_are_skipped(first: bytes, origin: bytes) -> None:
    """
    RFC 4380 §5.1.1: authentication, then origin, each or none.
    """
    header = peel(first + origin + BUBBLE)

    assert ("teredo", None, Id("ethertype", 0x86DD), BUBBLE) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("front", [b"", ORIGIN, authentication(), ORIGIN + ORIGIN])
@pytest.mark.parametrize("rest", [b"\x45" + bytes(19), b"\0\x02" + BUBBLE])
def test_what_is_no_ipv6_is_malformed(front: bytes, rest: bytes) -> None:
    """
    Nothing but IPv6 follows, and each indication stands there once.
    """
    with pytest.raises(WireError) as error:
        peel(front + rest)

    assert (Anomaly.HEADER_MALFORMED, len(front) if front != ORIGIN * 2 else 8) == (
        error.value.anomaly,
        error.value.offset,
    )
