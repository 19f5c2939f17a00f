"""Frames of headers upon headers: all that the kernels take off, by one function each.

What a function takes and gives is `Layer`: octets, and the Ethernet type that says what they are.
The ways in which one header may be taken for another are `Ends`: addresses that read as IP,
sources that read as Ethernet types, checksums that prove nothing.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from hypothesis import strategies as st

from tests.sieve.hostile import PORTS, payloads

IPV4, IPV6, ARP, FRAME = 0x0800, 0x86DD, 0x0806, 0x6558
MPLS, PPP, PPPOE, NSH = 0x8847, 0x880B, 0x8864, 0x894F


class Layer(NamedTuple):
    """Octets and what they are; an Ethernet frame is `FRAME`."""

    number: int
    octets: bytes


class Ends(NamedTuple):
    """What stands in headers for other headers to be seen in."""

    addresses: bytes = bytes(12)
    source: bytes = b"\x0a\0\0\1"
    is_checked: bool = True  # whether IPv4 has a right checksum, and IPv6 its length


PLAIN: Final = Ends()
Wrap: TypeAlias = Callable[[Layer, Ends], Layer]


def packet4(protocol: int, rest: bytes, ends: Ends = PLAIN) -> Layer:
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(rest), 1, 0, 64, protocol)
    words = sum(struct.unpack("!5H2H", head + ends.source))
    words = (words & 0xFFFF) + (words >> 16)
    words = (words & 0xFFFF) + (words >> 16)
    check = 0xFFFF - words if ends.is_checked else 0
    return Layer(IPV4, head + struct.pack("!H", check) + ends.source + bytes(4) + rest)


def packet6(protocol: int, rest: bytes, ends: Ends = PLAIN) -> Layer:
    length = len(rest) if ends.is_checked else 0
    return Layer(IPV6, struct.pack("!IHBB", 6 << 28, length, protocol, 64) + bytes(32) + rest)


def udp(sport: int, dport: int, payload: bytes) -> bytes:
    return struct.pack("!4H", sport, dport, 8 + len(payload), 0) + payload


def framed(inner: Layer, ends: Ends = PLAIN) -> bytes:
    """The octets of a frame of Ethernet; one that is such already stays as it is."""
    if inner.number == FRAME:
        return inner.octets
    return ends.addresses + struct.pack("!H", inner.number) + inner.octets


def ppp(inner: Layer, ends: Ends) -> bytes:
    """PPP of IP and MPLS; anything else under a number that nobody reads."""
    number = {IPV4: 0x21, IPV6: 0x57, MPLS: 0x281}.get(inner.number, 0x31)
    octets = framed(inner, ends) if number == 0x31 else inner.octets
    return struct.pack("!H", number) + octets


def bare(inner: Layer, ends: Ends) -> bytes:
    """IP as it is, anything else in a frame."""
    return inner.octets if inner.number in (IPV4, IPV6) else framed(inner, ends)


def _gre(flags: int, number: int, rest: bytes, ends: Ends) -> Layer:
    return packet4(47, struct.pack("!HH", flags, number) + rest, ends)


def _over(port: int, header: bytes, rest: bytes, ends: Ends) -> Layer:
    return packet4(17, udp(49200, port, header + rest), ends)


def _next(inner: Layer, ends: Ends) -> tuple[int, bytes]:
    """The number of VXLAN-GPE and NSH, and the octets."""
    number = {IPV4: 1, IPV6: 2, NSH: 4, MPLS: 5}.get(inner.number, 3)
    return number, framed(inner, ends) if number == 3 else inner.octets


def _gpe(inner: Layer, ends: Ends) -> Layer:
    number, octets = _next(inner, ends)
    return _over(4790, bytes([0x0C, 0, 0, number, 0, 0, 7, 0]), octets, ends)


def _nsh(inner: Layer, ends: Ends) -> Layer:
    number, octets = _next(inner, ends)
    return Layer(NSH, bytes([0, 3, 2, number]) + bytes(8) + octets)


def _pppoe(inner: Layer, ends: Ends) -> Layer:
    octets = ppp(inner, ends)
    return Layer(PPPOE, struct.pack("!HHH", 0x1100, 9, len(octets)) + octets)


def _pptp(inner: Layer, ends: Ends) -> Layer:
    octets = b"\xff\x03" + ppp(inner, ends)
    return _gre(0x3081, 0x880B, struct.pack("!HHII", len(octets), 5, 1, 1) + octets, ends)


def _gtp(inner: Layer, ends: Ends, flags: int = 0x30, options: bytes = b"") -> Layer:
    octets = options + bare(inner, ends)
    header = struct.pack("!BBHI", flags, 255, len(octets), 7)
    return packet4(17, udp(2152, 2152, header + octets), ends)


def _teredo(inner: Layer, ends: Ends, front: bytes) -> Layer:
    rest = inner.octets if inner.number == IPV6 else packet6(4, inner.octets, ends).octets
    return _over(3544, front, rest, ends)


def _session(octets: bytes, distance: int, ends: Ends) -> Layer:
    return _over(1701, struct.pack("!HHI", 3, 0, 9) + bytes(distance), octets, ends)


def _tag(number: int, octets: bytes, inner: Layer) -> Layer:
    return Layer(number, octets + struct.pack("!H", inner.number) + inner.octets)


# Of what is directly over IP; for anything else the wraps take 253, which nobody reads.
PROTOCOLS: Final[Mapping[int, int]] = {IPV4: 4, IPV6: 41, MPLS: 137}

ROUTES: Final = bytes.fromhex("08000004c000020100000000")  # one, and the end: RFC 1701
LABEL: Final = bytes.fromhex("00064040")
LAST_LABEL: Final = bytes.fromhex("000c8140")
EXPLICIT: Final[Mapping[int, bytes]] = {
    IPV4: bytes.fromhex("00000140"),
    IPV6: bytes.fromhex("00002140"),
}

WRAPS: Final[Mapping[str, Wrap]] = {
    "ethernet": lambda inner, ends: Layer(FRAME, framed(inner, ends)),
    "vlan": lambda inner, _: _tag(0x8100, b"\0\5", inner),
    "service tag": lambda inner, _: _tag(0x88A8, b"\0\6", inner),
    "old tag": lambda inner, _: _tag(0x9100, b"\0\7", inner),
    "vn-tag": lambda inner, _: _tag(0x8926, bytes(4), inner),
    "e-tag": lambda inner, _: _tag(0x893F, bytes(6), inner),
    "i-tag": lambda inner, ends: Layer(0x88E7, bytes(4) + framed(inner, ends)),
    "ip in ipv4": lambda inner, ends: packet4(PROTOCOLS.get(inner.number, 253), inner.octets, ends),
    "ip in ipv6": lambda inner, ends: packet6(PROTOCOLS.get(inner.number, 253), inner.octets, ends),
    "gre": lambda inner, ends: _gre(0, inner.number, inner.octets, ends),
    "gre with all": lambda inner, ends: _gre(
        0xF000, inner.number, bytes(12) + ROUTES + inner.octets, ends
    ),
    "gre in udp": lambda inner, ends: _over(
        4754, struct.pack("!HHI", 0x2000, inner.number, 7), inner.octets, ends
    ),
    "pptp": _pptp,
    "erspan i": lambda inner, ends: _gre(0, 0x88BE, bare(inner, ends), ends),
    "erspan i of ethernet": lambda inner, ends: _gre(0, 0x88BE, framed(inner, ends), ends),
    "erspan ii": lambda inner, ends: _gre(
        0x1000, 0x88BE, struct.pack("!IQ", 7, 0x1000 << 48) + framed(inner, ends), ends
    ),
    "erspan iii": lambda inner, ends: _gre(
        0x1000,
        0x22EB,
        bytes(4) + b"\x20" + bytes(10) + b"\1" + bytes(8) + framed(inner, ends),
        ends,
    ),
    "etherip": lambda inner, ends: packet4(97, b"\x30\0" + framed(inner, ends), ends),
    "vxlan": lambda inner, ends: _over(4789, b"\x08" + bytes(7), framed(inner, ends), ends),
    "vxlan-gpe": _gpe,
    "geneve": lambda inner, ends: _over(
        6081, struct.pack("!BBHIQ", 2, 0, inner.number, 7, 0), inner.octets, ends
    ),
    "gtp": _gtp,
    "gtp of ethernet": lambda inner, ends: _gtp(Layer(FRAME, framed(inner, ends)), ends),
    "gtp with more": lambda inner, ends: _gtp(inner, ends, 0x36, bytes.fromhex("0001008501100100")),
    "teredo": lambda inner, ends: _teredo(inner, ends, b""),
    "teredo with more": lambda inner, ends: _teredo(
        inner, ends, b"\0\1\1\2" + bytes(3 + 9) + bytes(8)
    ),
    "tzsp": lambda inner, ends: _over(
        37008, bytes.fromhex("01000001000a01ff01"), framed(inner, ends), ends
    ),
    "l2tp 2": lambda inner, ends: _over(
        1701, struct.pack("!HHHHHH", 0x0A02, 7, 9, 1, 1, 2) + bytes(2), ppp(inner, ends), ends
    ),
    "l2tp 3": lambda inner, ends: _session(framed(inner, ends), 0, ends),
    "l2tp 3 of ppp": lambda inner, ends: _session(ppp(inner, ends), 4, ends),
    "l2tp 3 of hdlc": lambda inner, ends: _session(
        struct.pack("!BBH", 15, 0, inner.number) + inner.octets, 8, ends
    ),
    "l2tp 3 of ip": lambda inner, ends: _session(bare(inner, ends), 12, ends),
    "l2tp over ip": lambda inner, ends: packet4(
        115, struct.pack("!II", 9, 0) + framed(inner, ends), ends
    ),
    "mpls": lambda inner, ends: Layer(MPLS, LABEL + LAST_LABEL + bare(inner, ends)),
    "mpls of ethernet": lambda inner, ends: Layer(MPLS, LAST_LABEL + framed(inner, ends)),
    "mpls of words": lambda inner, ends: Layer(MPLS, LAST_LABEL + bytes(4) + framed(inner, ends)),
    "mpls over udp": lambda inner, ends: _over(6635, LAST_LABEL, bare(inner, ends), ends),
    "explicit null": lambda inner, ends: Layer(
        MPLS, EXPLICIT.get(inner.number, LAST_LABEL) + bare(inner, ends)
    ),
    "nsh": _nsh,
    "pppoe": _pppoe,
    "ppp in gre": lambda inner, ends: _gre(0, PPP, ppp(inner, ends), ends),
}

SOURCES: Final = (
    b"\x0a\0\0\1",
    b"\x08\0\0\1",  # the Ethernet type of IPv4
    b"\x08\6\0\1",  # of ARP
    b"\x81\0\0\1",  # of a VLAN tag
    b"\x88\x47\0\1",  # of MPLS
)
ADDRESSES: Final = (
    bytes(12),
    b"\x02" + bytes(11),
    bytes.fromhex("450000400000000040110000"),  # read as IPv4 of UDP
    bytes.fromhex("600000000040114000000000"),  # as IPv6 of UDP
    bytes.fromhex("000000004500003000000000"),  # as IPv4 behind a control word
)


@st.composite
def ends(draw: st.DrawFn) -> Ends:
    addresses = draw(st.sampled_from(ADDRESSES))
    return Ends(addresses, draw(st.sampled_from(SOURCES)), draw(st.booleans()))


def tcp(sport: int, dport: int, rest: bytes = b"") -> bytes:
    return struct.pack("!HHIIHHHH", sport, dport, 1, 1, 0x5018, 8192, 0, 0) + rest


@st.composite
def innermost(draw: st.DrawFn) -> Layer:
    """Mostly a datagram with a drawn payload; else what the river makes little or nothing of."""
    ports = draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))
    protocol, rest = draw(
        st.one_of(
            payloads().map(lambda payload: (17, udp(*ports, payload))),
            st.sampled_from(
                [
                    (1, b"\x08" + bytes(11)),
                    (58, b"\x80" + bytes(11)),
                    (89, b"\2\1" + bytes(30)),
                    (59, b""),
                    (6, tcp(40000, 443, b"x")),
                    (6, tcp(53, 40000, b"x")),
                    (44, b"\x11\0\0\1" + bytes(20)),
                ]
            ),
        )
    )
    end = draw(ends())
    return draw(
        st.sampled_from(
            [
                packet4(protocol, rest, end),
                packet6(protocol, rest, end),
                Layer(ARP, b"\0\1\x08\0\6\4" + bytes(22)),
                Layer(0x88CC, rest),
            ][: 2 if draw(st.booleans()) else 4]
        )
    )


class Stack(NamedTuple):
    """A frame of a link type, and by which headers it came about."""

    octets: bytes
    link: int
    how: list[str]


def linked(inner: Layer, link: int, end: Ends) -> bytes:
    """The octets of a frame of that link type."""
    if link == 113:
        return bytes(14) + struct.pack("!H", inner.number) + inner.octets
    if link in (50, 104):
        return struct.pack("!BBH", 15, 0, inner.number) + inner.octets
    if link == 9:
        return ppp(inner, end)
    return bare(inner, end) if link == 101 else framed(inner, end)


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """A frame of up to four headers beside the innermost packet and the link."""
    layer = draw(innermost())
    how = draw(st.lists(st.sampled_from(sorted(WRAPS)), max_size=4))  # innermost first
    for name in how:
        layer = WRAPS[name](layer, draw(ends()))
    link = draw(st.sampled_from([1, 1, 1, 1, 9, 50, 101, 104, 113]))
    return Stack(linked(layer, link, draw(ends())), link, how)
