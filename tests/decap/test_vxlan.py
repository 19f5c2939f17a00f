"""VXLAN, and its extension that says what it carries."""

import pytest
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN

from sensor.anomalies import Anomaly
from sensor.decap import vxlan, vxlan_gpe
from sensor.decap.header import Header, Id, WireError

FRAME = bytes(Ether())
VNI = b"\xab\xcd\xef\0"


def told(header: Header) -> tuple[str, int | None, Id, bytes]:
    return header.name, header.tag, header.next, bytes(header.rest)


def test_ethernet_follows_the_identifier() -> None:
    """
    RFC 7348 §5: eight octets, the identifier in 24 bits.
    """
    header = vxlan.peel(memoryview(bytes(VXLAN(vni=0xABCDEF, reserved2=0xFF) / Ether())))

    assert ("vxlan", 0xABCDEF, Id("link", 1), FRAME) == told(header)


def test_group_policy_changes_nothing() -> None:
    """
    Its flag and group stand in bits that RFC 7348 reserves.
    """
    header = vxlan.peel(memoryview(b"\xff\xff\xff\xff" + VNI + FRAME))

    assert ("vxlan", 0xABCDEF, Id("link", 1), FRAME) == told(header)


@pytest.mark.parametrize("flags", [0x00, 0xF7, 0x80])
def test_without_the_i_flag_it_is_malformed(flags: int) -> None:
    """
    RFC 7348 §5: the I flag must be set for a valid identifier.
    """
    with pytest.raises(WireError) as error:
        vxlan.peel(memoryview(bytes([flags]) + bytes(7)))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (1, Id("ethertype", 0x0800)),
        (2, Id("ethertype", 0x86DD)),
        (3, Id("link", 1)),
        (4, Id("ethertype", 0x894F)),
        (5, Id("ethertype", 0x8847)),
        (0, Id("vxlan-gpe", 0)),
        (200, Id("vxlan-gpe", 200)),
    ],
)
def test_extension_says_what_follows(protocol: int, expected: Id) -> None:
    """
    With the P flag the fourth octet names the protocol; the B and O flags change nothing.
    """
    header = vxlan_gpe.peel(memoryview(bytes([0x0F, 0, 0, protocol]) + VNI + b"rest"))

    assert ("vxlan-gpe", 0xABCDEF, expected, b"rest") == told(header)


@pytest.mark.parametrize("flags", [0x08, 0xCB])
def test_extension_without_the_p_flag_carries_ethernet(flags: int) -> None:
    """
    Then it is VXLAN as it was, and the fourth octet is reserved.
    """
    header = vxlan_gpe.peel(memoryview(bytes([flags, 0, 0, 1]) + VNI + FRAME))

    assert ("vxlan-gpe", 0xABCDEF, Id("link", 1), FRAME) == told(header)


@pytest.mark.parametrize("flags", [0x04, 0x07, 0x1C, 0x2C, 0x3C])
def test_extension_has_version_0_and_an_identifier(flags: int) -> None:
    """
    Any other version, or no I flag, is not ours to read.
    """
    with pytest.raises(WireError) as error:
        vxlan_gpe.peel(memoryview(bytes([flags, 0, 0, 1]) + VNI))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)
