"""IPv6: lengths, and where the extension headers lead."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import ipv6
from sensor.decap.header import Id, Network, WireError

SRC = bytes.fromhex("20010db8000000000000000000000001")
DST = bytes.fromhex("20010db8000000000000000000000053")


def datagram(rest: bytes, *, length: int | None = None, following: int = 17) -> bytes:
    length = len(rest) if length is None else length
    return struct.pack(">IHBB16s16s", 0x6ABCDEF0, length, following, 64, SRC, DST) + rest


def peel(octets: bytes) -> Network:
    return ipv6.peel(memoryview(octets))


def test_header_tells_addresses_and_protocol() -> None:
    """
    IPv6 has no identification outside of fragments.
    """
    header = peel(datagram(b"segment"))

    expected = ("ipv6", Id("ip", 17), b"segment", "2001:db8::1", "2001:db8::53", None)
    assert expected == (
        header.name,
        header.next,
        bytes(header.rest),
        header.src,
        header.dst,
        header.identification,
    )


def test_payload_length_cuts_padding() -> None:
    """
    What is behind the payload length is the link's padding.
    """
    header = peel(datagram(b"segment") + bytes(9))

    assert (b"segment", 0) == (bytes(header.rest), header.missing)


def test_payload_length_zero_means_to_the_end() -> None:
    """
    A jumbogram has its length in an option, and segmentation offload may leave it out.
    """
    header = peel(datagram(b"segment", length=0))

    assert (b"segment", 0) == (bytes(header.rest), header.missing)


def test_payload_length_beyond_the_end_is_counted() -> None:
    """
    What is there is kept.
    """
    header = peel(datagram(b"segment", length=10))

    assert (b"segment", 3) == (bytes(header.rest), header.missing)


def test_extension_headers_lead_to_the_protocol() -> None:
    """
    Hop-by-hop options, then destination options of sixteen octets, then UDP.
    """
    extensions = bytes([60, 0]) + bytes(6) + bytes([17, 1]) + bytes(14)

    header = peel(datagram(extensions + b"segment", following=0))

    assert (Id("ip", 17), b"segment", ()) == (header.next, bytes(header.rest), header.anomalies)


def test_fragment_carries_nothing_to_go_on_with() -> None:
    """
    The first fragment too is only a piece.
    """
    header = peel(datagram(struct.pack(">BBHI", 17, 0, 1, 7) + b"piece", following=44))

    assert (Id("fragment", 6), b"piece", (Anomaly.FRAGMENT,)) == (
        header.next,
        bytes(header.rest),
        header.anomalies,
    )


def test_atomic_fragment_is_a_whole_datagram() -> None:
    """
    RFC 6946: a fragment header at offset 0 with nothing more to come.
    """
    header = peel(datagram(struct.pack(">BBHI", 17, 0, 0, 7) + b"segment", following=44))

    assert (Id("ip", 17), b"segment", ()) == (header.next, bytes(header.rest), header.anomalies)


def test_other_version_is_malformed() -> None:
    """
    Nothing of another version can be read here.
    """
    with pytest.raises(WireError) as error:
        peel(b"\x45" + datagram(b"")[1:])

    assert error.value.anomaly is Anomaly.HEADER_MALFORMED


@pytest.mark.parametrize("size", [0, 1, 39])
def test_cut_header_is_truncated(size: int) -> None:
    """
    The header has forty octets.
    """
    with pytest.raises(WireError) as error:
        peel(datagram(b"")[:size])

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
