"""IPv4: lengths, options, fragments, the Authentication Header."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import ipv4
from sensor.decap.header import Id, Network, WireError


def datagram(
    rest: bytes,
    *,
    options: bytes = b"",
    total: int | None = None,
    fragment: int = 0,
    protocol: int = 17,
    first: int | None = None,
) -> bytes:
    size = 20 + len(options)
    header = struct.pack(
        ">BBHHHBBH4s4s",
        0x40 + size // 4 if first is None else first,
        0,
        size + len(rest) if total is None else total,
        0xBEEF,
        fragment,
        64,
        protocol,
        0xDEAD,  # no checksum of these octets
        bytes([192, 0, 2, 1]),
        bytes([198, 51, 100, 2]),
    )
    return header + options + rest


def peel(octets: bytes) -> Network:
    return ipv4.peel(memoryview(octets))


def test_header_tells_addresses_and_protocol() -> None:
    """
    A wrong checksum changes nothing: on the sending host it is not yet computed.
    """
    header = peel(datagram(b"segment"))

    expected = ("ipv4", Id("ip", 17), b"segment", "192.0.2.1", "198.51.100.2", 0xBEEF)
    assert expected == (
        header.name,
        header.next,
        bytes(header.rest),
        header.src,
        header.dst,
        header.identification,
    )


@pytest.mark.parametrize("size", [4, 8, 40])
def test_options_are_part_of_the_header(size: int) -> None:
    """
    The header length counts options in units of four octets.
    """
    header = peel(datagram(b"segment", options=b"\x01" * size))

    assert bytes(header.rest) == b"segment"


def test_total_length_cuts_padding() -> None:
    """
    Ethernet pads short frames to sixty octets: the padding is no payload.
    """
    header = peel(datagram(b"segment") + bytes(19))

    assert (b"segment", 0) == (bytes(header.rest), header.missing)


def test_total_length_zero_means_to_the_end() -> None:
    """
    Segmentation offload leaves the total length at zero.
    """
    header = peel(datagram(b"segment", total=0))

    assert (b"segment", 0) == (bytes(header.rest), header.missing)


def test_total_length_beyond_the_end_is_counted() -> None:
    """
    What is there is kept.
    """
    header = peel(datagram(b"segment", total=28))

    assert (b"segment", 1) == (bytes(header.rest), header.missing)


@pytest.mark.parametrize("fragment", [0x2000, 0x0001, 0x1FFF, 0x2001, 0x6000])
def test_fragment_carries_nothing_to_go_on_with(fragment: int) -> None:
    """
    More fragments to come, or an offset: this is a piece, and its first octets may be anything.
    """
    header = peel(datagram(b"piece", fragment=fragment))

    assert (Id("fragment", 4), b"piece", (Anomaly.FRAGMENT,)) == (
        header.next,
        bytes(header.rest),
        header.anomalies,
    )


@pytest.mark.parametrize("fragment", [0x4000, 0x8000, 0xC000])
def test_other_flags_make_no_fragment(fragment: int) -> None:
    """
    Neither "don't fragment" nor the reserved bit says that this is a piece.
    """
    assert peel(datagram(b"", fragment=fragment)).next == Id("ip", 17)


def test_authentication_header_is_skipped() -> None:
    """
    RFC 4302 §2.2: a 96-bit check value makes the length field 4, which is 24 octets.
    """
    authentication = bytes([17, 4]) + bytes(22)

    header = peel(datagram(authentication + b"segment", protocol=51))

    assert (Id("ip", 17), b"segment") == (header.next, bytes(header.rest))


def test_ipv6_extension_headers_mean_nothing_here() -> None:
    """
    Only the Authentication Header is common to both; the others are a protocol we don't know.
    """
    assert peel(datagram(bytes(16), protocol=60)).next == Id("ip", 60)


@pytest.mark.parametrize(
    "octets",
    [
        datagram(b"", first=0x44),  # a header of 16 octets
        datagram(b"", first=0x40),
        datagram(b"", first=0x65),
        datagram(b"", total=19),
        datagram(b"", options=bytes(4), total=23),
    ],
)
def test_impossible_header_is_malformed(octets: bytes) -> None:
    """
    Version 4, at least five words of header, and a total length that holds them.
    """
    with pytest.raises(WireError) as error:
        peel(octets)

    assert error.value.anomaly is Anomaly.HEADER_MALFORMED


@pytest.mark.parametrize("size", [0, 1, 19, 20, 23])
def test_cut_header_is_truncated(size: int) -> None:
    """
    The options belong to the header: without all of them it cannot be taken off.
    """
    with pytest.raises(WireError) as error:
        peel(datagram(b"", options=bytes(4))[:size])

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
