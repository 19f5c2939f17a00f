"""UDP: ports, and what the length says."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import udp
from sensor.decap.header import Id, Transport, WireError


def datagram(payload: bytes, length: int | None = None) -> bytes:
    length = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", 49152, 53, length, 0xDEAD) + payload


def peel(octets: bytes) -> Transport:
    return udp.peel(memoryview(octets))


def test_header_tells_ports() -> None:
    """
    What follows is named by the port that the datagram was sent to.
    """
    header = peel(datagram(b"message"))

    assert ("udp", 49152, 53, Id("udp.port", 53), b"message", 0) == (
        header.name,
        header.sport,
        header.dport,
        header.next,
        bytes(header.rest),
        header.missing,
    )


def test_length_cuts_what_is_behind() -> None:
    """
    Octets that the IP header counts and UDP does not are no payload.
    """
    assert bytes(peel(datagram(b"message") + b"behind").rest) == b"message"


def test_length_zero_means_to_the_end() -> None:
    """
    RFC 2675 §4: a jumbogram has no length here.
    """
    assert bytes(peel(datagram(b"message", length=0)).rest) == b"message"


def test_length_beyond_the_end_is_counted() -> None:
    """
    What is there is kept.
    """
    header = peel(datagram(b"message", length=20))

    assert (b"message", 5) == (bytes(header.rest), header.missing)


@pytest.mark.parametrize("length", [1, 7])
def test_length_below_the_header_is_malformed(length: int) -> None:
    """
    RFC 768: the least value of length is eight.
    """
    with pytest.raises(WireError) as error:
        peel(datagram(b"message", length=length))

    assert error.value.anomaly is Anomaly.HEADER_MALFORMED


def test_cut_header_is_truncated() -> None:
    """
    The header has eight octets.
    """
    with pytest.raises(WireError) as error:
        peel(datagram(b"")[:7])

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
