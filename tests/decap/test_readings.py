"""Readings of the same octets: the one that the octets speak for comes first."""

from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP
from scapy.packet import Raw

from sensor.decap.header import Header, Id
from sensor.decap.readings import either

MAC = "46:00:5e:00:53:35"  # begins like an IPv4 header
FOUR = IP(src="8.6.112.7", dst="192.0.2.1") / UDP() / Raw(b"payload")  # 8.6 is ARP's type
SIX = IPv6(src="2001:db8::1", dst="2001:db8::53") / UDP() / Raw(b"payload")

ETHERNET, PPP_LINK, HDLC, IP_LINK = (Id("link", number) for number in (1, 9, 104, 101))
IPV4, IPV6 = Id("ethertype", 0x0800), Id("ethertype", 0x86DD)


def order(octets: bytes, *ids: Id) -> list[Id]:
    rest = memoryview(octets)
    header = either(*(Header(name="tunnel", tag=7, next=each, rest=rest) for each in ids))
    return [each.next for each in chain(header)]


def chain(header: Header | None) -> Iterator[Header]:
    while header is not None:
        yield header
        header = header.or_else


def wrong(datagram: IP) -> IP:
    broken = datagram.copy()
    broken.chksum = 0xDEAD
    return broken


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (bytes(FOUR), IP_LINK),
        (bytes(SIX), IP_LINK),
        (bytes(FOUR), IPV4),
        (bytes(SIX), IPV6),
        (bytes(Ether(dst=MAC, src=MAC) / FOUR), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / SIX), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / wrong(FOUR)), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / FOUR), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / Dot1AD(vlan=5) / Dot1Q(vlan=6) / SIX), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / wrong(FOUR / Raw(bytes(500)))), ETHERNET),
        (bytes(Ether(dst=MAC, src=MAC) / SIX / Raw(bytes(500))) + b"padding", ETHERNET),
        (bytes(PPP() / FOUR), PPP_LINK),
        (b"\xff\x03" + bytes(PPP() / SIX), PPP_LINK),
        (b"\x0f\x00\x08\x00" + bytes(FOUR), HDLC),
    ],
)
def test_what_holds_ip_comes_first(octets: bytes, expected: Id) -> None:
    """
    Whatever the order they are named in, the reading behind which IP stands is the first.
    """
    others = [each for each in (ETHERNET, PPP_LINK, HDLC) if each != expected]

    assert order(octets, *others, expected)[0] == expected


def test_in_doubt_the_order_named_stays() -> None:
    """
    Where nothing is IP, all are equally doubtful.
    """
    ids = [HDLC, ETHERNET, IP_LINK, PPP_LINK]

    assert ids == order(bytes(64), *ids)


def test_right_checksum_wins_over_a_possible_header() -> None:
    """
    An IP header with a wrong checksum may be one; one with the right checksum is.
    """
    ids = [IP_LINK, ETHERNET]
    possible = bytes.fromhex("45000020")  # an address, and an IPv4 header of 32 octets
    frame = possible + bytes(8) + b"\x08\x00" + bytes(FOUR)

    assert [ETHERNET, IP_LINK] == order(frame, *ids)
    assert [IP_LINK, ETHERNET] == order(possible + bytes(60), *ids[::-1])


def test_all_readings_are_kept() -> None:
    """
    None is lost, each keeps its own rest and the name and tag of the header.
    """
    octets = memoryview(b"cookie" + bytes(FOUR))
    readings = [
        Header(name="l2tp", tag=7, next=IP_LINK, rest=octets[distance:]) for distance in (0, 4, 6)
    ]

    found = list(chain(either(*readings)))

    assert [len(octets) - 6, len(octets), len(octets) - 4] == [len(each.rest) for each in found]
    assert {("l2tp", 7)} == {(each.name, each.tag) for each in found}


@pytest.mark.parametrize("octets", [b"", b"\x45", b"\x60", b"\x45" + bytes(18), b"\x4f" * 20])
def test_too_little_is_doubtful(octets: bytes) -> None:
    """
    What is too short for an IP header speaks for nothing, and raises nothing.
    """
    assert [HDLC, IP_LINK, ETHERNET] == order(octets, HDLC, IP_LINK, ETHERNET)


def test_endless_tags_are_doubtful() -> None:
    """
    More than a few tags are not followed.
    """
    frame = bytes(Ether(type=0x8100)) + b"\0\x05\x81\0" * 3 + b"\0\x05\x08\0" + bytes(FOUR)

    assert [IP_LINK, ETHERNET] == order(frame, IP_LINK, ETHERNET)
