"""TCP: ports and options of one segment."""

import struct

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import tcp
from sensor.decap.header import Id, Transport, WireError


def segment(payload: bytes, options: bytes = b"", words: int | None = None) -> bytes:
    words = 5 + len(options) // 4 if words is None else words
    header = struct.pack(">HHIIHHHH", 49152, 53, 1, 2, words << 12 | 0x18, 1024, 0xDEAD, 0)
    return header + options + payload


def peel(octets: bytes) -> Transport:
    return tcp.peel(memoryview(octets))


def test_header_tells_ports() -> None:
    """
    Without options the header has twenty octets.
    """
    header = peel(segment(b"stream"))

    assert ("tcp", 49152, 53, Id("tcp.port", 53), b"stream") == (
        header.name,
        header.sport,
        header.dport,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("size", [4, 12, 40])
def test_options_are_part_of_the_header(size: int) -> None:
    """
    The data offset counts them in units of four octets.
    """
    assert bytes(peel(segment(b"stream", options=b"\x01" * size)).rest) == b"stream"


@pytest.mark.parametrize("words", [0, 4])
def test_offset_below_the_header_is_malformed(words: int) -> None:
    """
    Data cannot begin inside the fixed header.
    """
    with pytest.raises(WireError) as error:
        peel(segment(b"stream", words=words))

    assert error.value.anomaly is Anomaly.HEADER_MALFORMED


@pytest.mark.parametrize("octets", [b"", segment(b"")[:19], segment(b"", words=6)])
def test_cut_header_is_truncated(octets: bytes) -> None:
    """
    The options belong to the header: without all of them it cannot be taken off.
    """
    with pytest.raises(WireError) as error:
        peel(octets)

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
