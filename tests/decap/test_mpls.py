"""MPLS: label by label, and what may be below the last."""

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import mpls
from sensor.decap.header import Header, Id, WireError

FOUR = IP(src="192.0.2.1", dst="192.0.2.2") / UDP() / Raw(b"payload")
SIX = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP() / Raw(b"payload")
WORD = b"\0\0\x12\x34"

IPV4, IPV6, ETHERNET = Id("ethertype", 0x0800), Id("ethertype", 0x86DD), Id("link", 1)


def peel(octets: bytes) -> Header:
    return mpls.peel(memoryview(octets))


def readings(octets: bytes) -> list[tuple[Id, bytes]]:
    header: Header | None = peel(octets)
    found = []
    while header is not None:
        found.append((header.next, bytes(header.rest)))
        header = header.or_else
    return found


def frame(mac: str) -> bytes:
    return bytes(Ether(dst=mac, src="00:00:5e:00:53:01") / FOUR)


def entry(label: int = 100) -> bytes:
    return bytes(MPLS(label=label, s=1, cos=7, ttl=255))


def test_entry_above_the_bottom_is_followed_by_another() -> None:
    """
    One peel takes off one entry; class and time to live are not looked at.
    """
    header = peel(bytes(MPLS(label=0xFFFFF, s=0, cos=7, ttl=255) / MPLS(label=16)))

    expected = ("mpls", 0xFFFFF, Id("ethertype", 0x8847), bytes(MPLS(label=16)), None)
    assert expected == (header.name, header.tag, header.next, bytes(header.rest), header.or_else)


def test_ip_below_the_bottom_shows_its_version() -> None:
    """
    RFC 4928 §3: the first four bits are 4 or 6. An Ethernet address may begin so too.
    """
    assert [(IPV4, bytes(FOUR)), (ETHERNET, bytes(FOUR))] == readings(entry() + bytes(FOUR))
    assert [(IPV6, bytes(SIX)), (ETHERNET, bytes(SIX))] == readings(entry() + bytes(SIX))


def test_explicit_null_says_what_is_below() -> None:
    """
    RFC 3032 §2.1: 0 is IPv4, 2 is IPv6, and there is no other reading.
    """
    assert [(IPV4, bytes(SIX))] == readings(entry(0) + bytes(SIX))
    assert [(IPV6, bytes(FOUR))] == readings(entry(2) + bytes(FOUR))


@pytest.mark.parametrize("mac", ["46:00:5e:00:53:35", "60:00:5e:00:53:35", "45:00:00:20:00:01"])
def test_address_that_begins_like_ip_is_ethernet(mac: str) -> None:
    """
    The IP header within the frame has the right checksum, the one that the address would be not.
    """
    assert (ETHERNET, frame(mac)) == readings(entry() + frame(mac))[0]


@pytest.mark.parametrize("mac", ["02:00:5e:00:53:35", "00:1b:21:00:53:35", "fe:00:5e:00:53:35"])
def test_anything_else_is_ethernet(mac: str) -> None:
    """
    What begins with no version of IP, and not with a control word, has one reading.
    """
    assert [(ETHERNET, frame(mac))] == readings(entry() + frame(mac))


def test_control_word_is_skipped() -> None:
    """
    RFC 4448 §4.6: two octets of zeros and a sequence number.
    """
    assert (ETHERNET, frame("00:00:5e:00:53:35")) == readings(
        entry() + WORD + frame("00:00:5e:00:53:35")
    )[0]


def test_address_that_begins_like_a_control_word_is_ethernet() -> None:
    """
    Four octets cut off a tagged frame leave one that makes sense, but for the tag.
    """
    tagged = bytes(Ether(dst="00:00:5e:00:01:01") / Dot1Q(vlan=5) / FOUR)

    assert (ETHERNET, tagged) == readings(entry() + tagged)[0]


def test_nothing_below_the_bottom() -> None:
    """
    An entry that is all there is can be taken off.
    """
    assert [(ETHERNET, b"")] == readings(entry())


@pytest.mark.parametrize("size", range(4))
def test_less_than_an_entry_is_truncated(size: int) -> None:
    """
    Less than four octets are no entry.
    """
    with pytest.raises(WireError) as error:
        peel(entry()[:size])

    assert (Anomaly.HEADER_TRUNCATED, size) == (error.value.anomaly, error.value.offset)
