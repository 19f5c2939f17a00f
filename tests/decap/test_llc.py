"""LLC, and SNAP behind it."""

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import llc
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return llc.peel(memoryview(octets))


@pytest.mark.parametrize("organisation", ["000000", "0000f8"])
def test_snap_carries_an_ethernet_type(organisation: str) -> None:
    """
    RFC 1042 and IEEE 802.1H encapsulation name what follows by its Ethernet type.
    """
    header = peel(b"\xaa\xaa\x03" + bytes.fromhex(organisation) + b"\x08\x00" + b"datagram")

    assert ("snap", Id("ethertype", 0x0800), b"datagram") == (
        header.name,
        header.next,
        bytes(header.rest),
    )


def test_number_of_another_organisation_is_no_ethernet_type() -> None:
    """
    Cisco's 0x2000 under 00-00-0c is its discovery protocol, whatever that type is elsewhere.
    """
    header = peel(b"\xaa\xaa\x03" + bytes.fromhex("00000c") + b"\x08\x00")

    assert header.next == Id("snap", 0x0800)


def test_other_llc_names_its_service_point() -> None:
    """
    A spanning-tree frame (service point 0x42) has no type.
    """
    header = peel(b"\x42\x42\x03" + bytes(35))

    assert ("llc", Id("llc.sap", 0x42)) == (header.name, header.next)


@pytest.mark.parametrize("octets", [b"", b"\xaa\xaa", b"\xaa\xaa\x03", b"\xaa\xaa\x03\0\0\0\x08"])
def test_cut_header_is_truncated(octets: bytes) -> None:
    """
    LLC has three octets, SNAP five more.
    """
    with pytest.raises(WireError) as error:
        peel(octets)

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
