"""PPP: the protocol, with or without what may be left out in front of it."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.ppp import HDLC, PPP

from sensor.anomalies import Anomaly
from sensor.decap import ppp
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return ppp.peel(memoryview(octets))


def test_scapy_writes_what_is_read() -> None:
    """
    HDLC-like framing and PPP, as scapy has them.
    """
    datagram = IP() / UDP()

    header = peel(bytes(HDLC() / PPP() / datagram))

    assert (Id("ppp", 0x0021), bytes(datagram)) == (header.next, bytes(header.rest))


@pytest.mark.parametrize("front", ["", "ff03"])
@pytest.mark.parametrize(
    ("protocol", "number"),
    [("0021", 0x21), ("21", 0x21), ("0057", 0x57), ("57", 0x57), ("0281", 0x281), ("c021", 0xC021)],
)
def test_protocol_may_be_compressed(front: str, protocol: str, number: int) -> None:
    """
    RFC 1661 §6.5 and §6.6: a protocol below 256 may be one octet, address and control none.
    """
    header = peel(bytes.fromhex(front + protocol) + b"rest")

    assert ("ppp", None, Id("ppp", number), b"rest") == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("octets", ["0020", "ff030020", "0200"])
def test_protocol_ends_in_an_odd_octet(octets: str) -> None:
    """
    RFC 1661 §2: all protocols do.
    """
    with pytest.raises(WireError) as error:
        peel(bytes.fromhex(octets))

    assert (Anomaly.HEADER_MALFORMED, len(octets) // 2 - 1) == (
        error.value.anomaly,
        error.value.offset,
    )


@pytest.mark.parametrize("octets", ["", "00", "ff03", "ff0300"])
def test_half_a_protocol_is_truncated(octets: str) -> None:
    """
    Address and control are no protocol, nor is an even octet.
    """
    with pytest.raises(WireError) as error:
        peel(bytes.fromhex(octets))

    assert (Anomaly.HEADER_TRUNCATED, len(octets) // 2) == (
        error.value.anomaly,
        error.value.offset,
    )
