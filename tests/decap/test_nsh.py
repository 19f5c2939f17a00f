"""The Network Service Header: metadata of any length, and what follows."""

import struct

import pytest
from scapy.contrib.nsh import NSH
from scapy.layers.l2 import Ether

from sensor.anomalies import Anomaly
from sensor.decap import nsh
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return nsh.peel(memoryview(octets))


def header_of(words: int, protocol: int = 1, first: int = 0x0FC0) -> bytes:
    return struct.pack(">HBB", first | words, 2, protocol) + bytes(4)


def test_scapy_writes_what_is_read() -> None:
    """
    Metadata of type 1 has sixteen octets.
    """
    header = peel(bytes(NSH(spi=42, context_header=bytes(16)) / Ether()))

    assert ("nsh", None, Id("link", 1), bytes(Ether())) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (1, Id("ethertype", 0x0800)),
        (2, Id("ethertype", 0x86DD)),
        (3, Id("link", 1)),
        (4, Id("ethertype", 0x894F)),
        (5, Id("ethertype", 0x8847)),
        (6, Id("nsh", 6)),
    ],
)
def test_next_protocol_says_what_follows(protocol: int, expected: Id) -> None:
    """
    RFC 8300 §2.2.
    """
    assert peel(header_of(2, protocol)).next == expected


@pytest.mark.parametrize("words", [2, 3, 6, 63])
def test_length_counts_words_with_the_base(words: int) -> None:
    """
    RFC 8300 §2.2: from base and service path alone up to the six bits' most.
    """
    header = peel(header_of(words) + bytes(4 * words - 8) + b"datagram")

    assert bytes(header.rest) == b"datagram"


@pytest.mark.parametrize("octets", [header_of(0), header_of(1), header_of(2, first=0x4FC0)])
def test_impossible_length_or_other_version_is_malformed(octets: bytes) -> None:
    """
    Two words are always there, and the version is 0.
    """
    with pytest.raises(WireError) as error:
        peel(octets)

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)
