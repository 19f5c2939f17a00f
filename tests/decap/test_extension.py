"""Extension headers: their lengths, and the fragment header among them."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.decap import extension
from sensor.decap.header import WireError


def skip(protocol: int, rest: bytes) -> tuple[int, bytes, bool]:
    skipped = extension.skip(protocol, memoryview(rest), extension.IN_IPV6)
    return skipped.protocol, bytes(skipped.rest), skipped.piece is not None


@pytest.mark.parametrize("protocol", [0, 43, 60, 135, 139, 140])
@pytest.mark.parametrize("length", [0, 1, 255])
def test_length_counts_eight_octets_beyond_the_first(protocol: int, length: int) -> None:
    """
    RFC 8200 §4: the length is in 8-octet units, not including the first eight octets.
    """
    octets = bytes([17, length]) + bytes(6 + 8 * length)

    assert (17, b"segment", False) == skip(protocol, octets + b"segment")


def test_authentication_header_counts_four_octets() -> None:
    """
    RFC 4302 §2.2: in 4-octet units, minus two.
    """
    octets = bytes([17, 4]) + bytes(22)

    assert (17, b"segment", False) == skip(51, octets + b"segment")


def test_second_octet_of_a_fragment_header_is_no_length() -> None:
    """
    RFC 8200 §4.5: it is reserved, and ignored.
    """
    octets = struct.pack(">BBHI", 17, 0xFF, 0, 7)

    assert (17, b"segment", False) == skip(44, octets + b"segment")


@pytest.mark.parametrize(("piece", "expected"), [(0, False), (6, False), (1, True), (8, True)])
def test_offset_or_more_makes_a_fragment(piece: int, expected: bool) -> None:
    """
    RFC 8200 §4.5: thirteen bits of offset, two reserved, one for more to come.
    """
    octets = struct.pack(">BBHI", 17, 0, piece, 7)

    assert (17, b"piece", expected) == skip(44, octets + b"piece")


def test_walk_ends_at_a_fragment() -> None:
    """
    What stands behind a fragment header is a piece, even if it is called an extension header.
    """
    octets = struct.pack(">BBHI", 60, 0, 9, 7)

    assert (60, b"piece", True) == skip(44, octets + b"piece")


@pytest.mark.parametrize("octets", [b"", b"\x11", bytes([17, 0]) + bytes(5), bytes([17, 1, 0, 0])])
def test_cut_header_is_truncated(octets: bytes) -> None:
    """
    Less than the header states cannot be skipped.
    """
    with pytest.raises(WireError) as error:
        skip(0, octets)

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED


def test_as_many_headers_as_fit_are_skipped() -> None:
    """
    Eight thousand headers in one datagram hide nothing and end.
    """
    octets = (bytes([60, 0]) + bytes(6)) * 8000 + bytes([17, 0]) + bytes(6)

    assert (17, b"segment", False) == skip(60, octets + b"segment")


@given(st.lists(st.tuples(st.sampled_from([0, 43, 51, 60, 135]), st.integers(0, 5))), st.binary())
@settings(max_examples=150, deadline=None)
def test_any_order_and_number_is_skipped(headers: list[tuple[int, int]], segment: bytes) -> None:
    """
    RFC 8200 §4.1: a node must try to process extension headers in any order.
    """
    protocol, octets = 6, segment
    for kind, length in reversed(headers):
        unit = 4 if kind == 51 else 8
        octets = bytes([protocol, length]) + bytes(6 + unit * length) + octets
        protocol = kind

    assert (6, segment, False) == skip(protocol, octets)
