"""Cisco's HDLC, alone and beside PPP."""

import pytest
from scapy.contrib.chdlc import CHDLC
from scapy.layers.ppp import HDLC, PPP
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import chdlc
from sensor.decap.header import Id, WireError


@pytest.mark.parametrize("address", [0x0F, 0x8F])
@pytest.mark.parametrize("kind", [0x0800, 0x86DD, 0x8035])
def test_an_ethernet_type_follows(address: int, kind: int) -> None:
    """
    RFC 1547 §4.3.1: to one station or to all.
    """
    octets = memoryview(bytes(CHDLC(address=address, proto=kind) / Raw(b"datagram")))

    for header in (chdlc.peel(octets), chdlc.peel_serial(octets)):
        assert ("chdlc", Id("ethertype", kind), b"datagram") == (
            header.name,
            header.next,
            bytes(header.rest),
        )


def test_other_address_is_malformed() -> None:
    """
    PPP's is 0xff.
    """
    with pytest.raises(WireError) as error:
        chdlc.peel(memoryview(bytes(CHDLC(address=0xFF))))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)


@pytest.mark.parametrize("front", [b"", bytes(HDLC())])
def test_serial_lines_have_ppp_too(front: bytes) -> None:
    """
    What begins with neither of the two addresses is PPP.
    """
    header = chdlc.peel_serial(memoryview(front + bytes(PPP(proto=0x57)) + b"datagram"))

    assert ("ppp", Id("ppp", 0x57), b"datagram") == (header.name, header.next, bytes(header.rest))
