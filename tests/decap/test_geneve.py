"""Geneve: options of any length, then any Ethernet type."""

import pytest
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import geneve
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return geneve.peel(memoryview(octets))


@pytest.mark.parametrize("words", [0, 1, 31])
@pytest.mark.parametrize("kind", [0x0800, 0x86DD, 0x6558, 0x8847])
def test_options_are_skipped(words: int, kind: int) -> None:
    """
    RFC 8926 §3.4: their length counts words; control and critical options change nothing.
    """
    options = [GeneveOptions(classid=0xFFFF, data=bytes(4 * words))] if words else []
    layer = GENEVE(vni=0xABCDEF, proto=kind, oam=1, critical=1, options=options, reserved2=0xFF)

    header = peel(bytes(layer / Raw(b"within")))

    expected = ("geneve", 0xABCDEF, Id("ethertype", kind), b"within")
    assert expected == (header.name, header.tag, header.next, bytes(header.rest))


def test_options_may_fill_six_bits() -> None:
    """
    The longest options have 252 octets, and nothing in them is looked at.
    """
    header = peel(b"\x3f\0\x08\0" + bytes(4) + b"\xff" * 252 + b"within")

    assert bytes(header.rest) == b"within"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_other_version_is_malformed(version: int) -> None:
    """
    RFC 8926 §3.4: a packet of an unknown version is dropped.
    """
    with pytest.raises(WireError) as error:
        peel(bytes(GENEVE(version=version)))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)
