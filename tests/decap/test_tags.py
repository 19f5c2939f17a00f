"""Tags in an Ethernet frame that are no VLAN: of backbone bridges and of port extenders."""

from types import ModuleType

import pytest
from scapy.layers.l2 import Dot1AH, Ether

from sensor.decap import etag, itag, vntag
from sensor.decap.header import Id

EXTENDERS = pytest.mark.parametrize(("module", "size"), [(etag, 6), (vntag, 4)])


def test_customer_frame_follows_the_service() -> None:
    """
    IEEE 802.1Q §9.7: the identifier in 24 bits, then a frame from its addresses on.
    """
    frame = Ether(dst="00:00:5e:00:53:01", src="00:00:5e:00:53:02", type=0x0800)

    header = itag.peel(memoryview(bytes(Dot1AH(isid=0xABCDEF, prio=7, nca=1) / frame)))

    assert ("itag", 0xABCDEF, Id("link", 1), bytes(frame)) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@EXTENDERS
def test_type_follows_the_ports(module: ModuleType, size: int) -> None:
    """
    The tag's own octets name ports and are no part of the path.
    """
    header = module.peel(memoryview(b"\xff" * size + b"\x81\x00" + b"tag"))

    assert (module.__name__.rpartition(".")[2], None, Id("ethertype", 0x8100), b"tag") == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@EXTENDERS
def test_length_follows_the_ports(module: ModuleType, size: int) -> None:
    """
    As behind a VLAN tag, up to 1500 it is a length, and cuts off padding.
    """
    header = module.peel(memoryview(bytes(size) + b"\x00\x03" + b"llc" + bytes(40)))

    assert (Id("llc", 0), b"llc") == (header.next, bytes(header.rest))
