"""TZSP: tags until the one that ends them, then the frame."""

import pytest
from scapy.contrib.tzsp import TZSP, TZSPTagEnd, TZSPTagPadding, TZSPTagRawRSSIByte
from scapy.layers.l2 import Ether

from sensor.anomalies import Anomaly
from sensor.decap import tzsp
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return tzsp.peel(memoryview(octets))


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize(
    "tags",
    [
        TZSPTagEnd(),
        TZSPTagPadding() / TZSPTagPadding() / TZSPTagEnd(),
        TZSPTagRawRSSIByte() / TZSPTagPadding() / TZSPTagRawRSSIByte() / TZSPTagEnd(),
    ],
)
def test_tags_are_skipped(tags: TZSP, kind: int) -> None:
    """
    Padding and end are one octet, all others have a length.
    """
    header = peel(bytes(TZSP(type=kind) / tags / Ether()))

    assert ("tzsp", None, Id("link", 1), bytes(Ether())) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


def test_unknown_tag_is_skipped_by_its_length() -> None:
    """
    A tag's value may hold the number that ends the tags, or nothing.
    """
    header = peel(b"\x01\0\0\x01" + b"\x29\x03\x01\x01\x01" + b"\x2a\x00" + b"\x01" + b"frame")

    assert bytes(header.rest) == b"frame"


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [(1, Id("link", 1)), (4, Id("link", 9)), (7, Id("link", 101)), (18, Id("tzsp", 18))],
)
def test_protocol_says_what_follows(protocol: int, expected: Id) -> None:
    """
    Ethernet, PPP or IP; IEEE 802.11 is none of ours.
    """
    assert peel(b"\x01\0" + protocol.to_bytes(2, "big") + b"\x01").next == expected


@pytest.mark.parametrize(("octets", "offset"), [("020000010a", 0), ("0104000001", 1)])
def test_what_carries_no_frame_is_malformed(octets: str, offset: int) -> None:
    """
    Another version, and the types that keep alive or configure.
    """
    with pytest.raises(WireError) as error:
        peel(bytes.fromhex(octets))

    assert (Anomaly.HEADER_MALFORMED, offset) == (error.value.anomaly, error.value.offset)


@pytest.mark.parametrize("octets", ["01000001", "0100000100", "010000010a", "010000010a01"])
def test_tags_without_an_end_are_truncated(octets: str) -> None:
    """
    Only the end tag begins the frame.
    """
    with pytest.raises(WireError) as error:
        peel(bytes.fromhex(octets))

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
