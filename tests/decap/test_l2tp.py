"""L2TP: every flag of version 2, and the readings of version 3."""

import struct
from itertools import product

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import HDLC, PPP
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import l2tp
from sensor.decap.header import Header, Id, WireError

DATAGRAM = bytes(IP(src="8.6.112.7", dst="192.0.2.1") / UDP() / Raw(b"payload"))
WITHIN = bytes(HDLC() / PPP()) + DATAGRAM
ETHERNET, PPP_LINK, CHDLC, IP_LINK = (Id("link", number) for number in (1, 9, 104, 101))

FRAMES = [
    (ETHERNET, bytes(Ether(dst="00:21:4c:00:53:01", type=0x0800)) + DATAGRAM),
    (ETHERNET, bytes(Ether(dst="46:00:5e:00:53:01") / Dot1Q(vlan=7, type=0x0800)) + DATAGRAM),
    (PPP_LINK, WITHIN),
    (PPP_LINK, b"\x21" + DATAGRAM),
    (CHDLC, b"\x0f\0\x08\0" + DATAGRAM),
    (IP_LINK, DATAGRAM),
]
COOKIES = [b"", b"\x45\xb1\x02\x93", b"\xff\x03\x00\x21\x45\0\0\x53"]
SUBLAYERS = [b"", b"\x40\0\0\x09"]


def readings(header: Header | None) -> list[tuple[Id, bytes]]:
    found = []
    while header is not None:
        assert (header.name, header.tag) == ("l2tp", 0xFFFE0001)
        found.append((header.next, bytes(header.rest)))
        header = header.or_else
    return found


@pytest.mark.parametrize(
    ("length", "sequence", "offset"), list(product([0, 1], [0, 1], [None, 0, 5]))
)
def test_version_2_has_what_its_flags_announce(
    length: int, sequence: int, offset: int | None
) -> None:
    """
    RFC 2661 §3.1: length, tunnel and session, two sequence numbers, offset with its padding.
    """
    flags = "+".join(
        name
        for name, is_set in (
            ("length", length),
            ("sequence", sequence),
            ("offset", offset is not None),
        )
        if is_set
    )
    layer = L2TP(hdr=flags, tunnel_id=0xFFFF, session_id=0xABCD)
    padding = b""
    if offset is not None:
        layer.offset, padding = offset, b"\xff" * offset
    octets = bytearray(bytes(layer) + padding + WITHIN)
    if length:
        octets[2:4] = len(octets).to_bytes(2, "big")

    header = l2tp.peel_udp(memoryview(bytes(octets)))

    expected = ("l2tp", 0xABCD, PPP_LINK, WITHIN, 0)
    assert expected == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
        header.missing,
    )


def test_version_2_length_cuts() -> None:
    """
    The length counts the whole message; octets that are not there are counted.
    """
    octets = bytes.fromhex("4002 000c 0001 0002") + b"ppp!"

    assert bytes(l2tp.peel_udp(memoryview(octets + b"more")).rest) == b"ppp!"
    assert l2tp.peel_udp(memoryview(octets[:-1])).missing == 1


@pytest.mark.parametrize("sublayer", SUBLAYERS)
@pytest.mark.parametrize("cookie", COOKIES)
@pytest.mark.parametrize(("kind", "frame"), FRAMES)
@pytest.mark.parametrize("over", ["ip", "udp"])
def test_version_3_begins_a_frame_behind_cookie_and_sublayer(
    over: str, kind: Id, frame: bytes, cookie: bytes, sublayer: bytes
) -> None:
    """
    RFC 3931 §4.1: neither is announced; the frame that holds IP is the first reading.
    """
    session = struct.pack(">I", 0xFFFE0001) + cookie + sublayer + frame
    peel, front = {"ip": (l2tp.peel_ip, b""), "udp": (l2tp.peel_udp, b"\0\x03\xff\xff")}[over]

    found = readings(peel(memoryview(front + session)))

    assert (kind, frame) == found[0]
    assert len(found) == 16


def test_version_3_gives_every_reading_of_what_is_no_ip() -> None:
    """
    Four kinds of frame behind 0 to 12 octets, the usual first.
    """
    rest = b"anything but an IP packet"

    found = readings(l2tp.peel_ip(memoryview(b"\xff\xfe\0\x01" + rest)))

    expected = [
        (kind, rest[distance:])
        for kind in (ETHERNET, PPP_LINK, CHDLC, IP_LINK)
        for distance in (0, 4, 8, 12)
    ]
    assert expected == found


def test_session_0_over_ip_is_a_control_message() -> None:
    """
    RFC 3931 §4.1.1.2: no line of the table takes up what follows.
    """
    header = l2tp.peel_ip(memoryview(bytes(4) + b"\xc8\x03"))

    assert ("l2tp", None, Id("l2tp.control", 0)) == (header.name, header.tag, header.next)


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        ("c802 0014 0001 0000 0000 0000", 0),  # control, version 2
        ("c803 0014 0000 0001 0000 0000", 0),  # control, version 3
        ("0001 0000 0000 0001", 1),  # L2F, RFC 2341
        ("0004 0000 0000 0001", 1),
        ("0003 0000 0000 0000", 4),  # session 0
        ("4002 0007 0001 0002", 2),  # a length that ends inside the header
    ],
)
def test_what_is_no_data_message_is_malformed(octets: str, offset: int) -> None:
    """
    Control messages, other versions, and impossible lengths.
    """
    with pytest.raises(WireError) as error:
        l2tp.peel_udp(memoryview(bytes.fromhex(octets)))

    assert (Anomaly.HEADER_MALFORMED, offset) == (error.value.anomaly, error.value.offset)
