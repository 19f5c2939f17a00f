"""DNS messages on their way over a network, built by scapy: carried, cut, wrapped, mixed, doubled.

A journey is drawn message by message. Each takes a datagram of its own or a part of one of two
TCP connections; the IP packets that come of it are taken through tunnels, cut into fragments
between them, and put into frames. Then frames are swapped and repeated, as mirrors and paths of
unequal length do.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from hypothesis import strategies as st
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
from scapy.contrib.etherip import EtherIP
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.contrib.nsh import NSH
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import GRE, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw, bind_layers

from sensor.frame import Frame
from sensor.stage import MILLISECOND
from tests.dns.messages import wires
from tests.traffic import START

SERVER4: Final = "10.20.0.53"
SERVER6: Final = "2001:db8:20::53"
STEP: Final = MILLISECOND // 10  # between frames: so many fit into the window of doubles
MOST_FRAMES: Final = 400
CONNECTIONS: Final = 100  # from this number on packets belong to a connection, else to a message
ETHER: Final = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")

Layers: TypeAlias = Any

bind_layers(IPv6, EtherIP, nh=97)  # scapy knows it over IPv4 alone


class Sent(NamedTuple):
    """A message as it was sent: client, its port, server, its port, transport, octets."""

    src: str
    sport: int
    dst: str
    dport: int
    transport: str
    wire: bytes


class Journey(NamedTuple):
    """Frames in the order of their capture, and the messages they carry."""

    frames: list[Frame]
    sent: list[Sent]
    how: list[str]

    def __repr__(self) -> str:
        """How each message travels; the octets of all frames would be a hundred kilobytes."""
        return f"Journey of {len(self.frames)} frames, {len(self.sent)} messages: {self.how}"


# --- tunnels: each takes an IP packet and gives another -----------------------------------------


def _outer(number: int, over6: bool) -> Layers:
    if over6:
        return IPv6(src="2001:db8:ffff::1", dst="2001:db8:ffff::2")
    return IP(src="192.0.2.1", dst="192.0.2.2", id=number & 0xFFFF)


def _ethernet(inner: Layers) -> Layers:
    return ETHER / inner


def _bits(inner: Layers) -> int:
    return 0x86DD if isinstance(inner, IPv6) else 0x0800


def _ppp(inner: Layers) -> Layers:
    return PPP(proto=0x57 if isinstance(inner, IPv6) else 0x21) / inner


def _over6(inner: Layers) -> Layers:
    """IPv6, which Teredo carries alone; IPv4 is put into it."""
    return inner if isinstance(inner, IPv6) else _outer(0, True) / inner


def _udp(dport: int) -> Layers:
    return UDP(sport=49200, dport=dport, chksum=0)


TUNNELS: Final[Mapping[str, Callable[[Layers], Layers]]] = {
    "ip in ip": lambda inner: inner,
    "gre": lambda inner: GRE(proto=_bits(inner)) / inner,
    "gre with all": lambda inner: (
        GRE(proto=_bits(inner), chksum_present=1, key_present=1, seqnum_present=1, key=7) / inner
    ),
    "gre bridging": lambda inner: GRE(proto=0x6558) / _ethernet(inner),
    "erspan": lambda inner: (
        GRE(proto=0x88BE, seqnum_present=1) / ERSPAN_II(session_id=9) / _ethernet(inner)
    ),
    "erspan i": lambda inner: GRE(proto=0x88BE) / Raw(bytes(_ethernet(inner))),
    "erspan iii": lambda inner: (
        GRE(proto=0x22EB, seqnum_present=1) / ERSPAN_III(session_id=9) / _ethernet(inner)
    ),
    "etherip": lambda inner: EtherIP() / _ethernet(inner),
    "mpls in gre": lambda inner: (
        GRE(proto=0x8847) / MPLS(label=100, s=0) / MPLS(label=200, s=1) / inner
    ),
    "pseudowire": lambda inner: GRE(proto=0x8847) / MPLS(label=300, s=1) / _ethernet(inner),
    "pseudowire with control word": lambda inner: (
        GRE(proto=0x8847) / MPLS(label=400, s=1) / EoMCW(seq=0) / _ethernet(inner)
    ),
    "vxlan": lambda inner: _udp(4789) / VXLAN(vni=42) / _ethernet(inner),
    "vxlan on 8472": lambda inner: _udp(8472) / VXLAN(vni=42) / _ethernet(inner),
    "vxlan-gpe": lambda inner: (
        _udp(4790) / VXLAN(flags=0x0C, NextProtocol=3, vni=42) / _ethernet(inner)
    ),
    "nsh in vxlan-gpe": lambda inner: (
        _udp(4790)
        / VXLAN(flags=0x0C, NextProtocol=4, vni=42)
        / NSH(mdtype=2, nextproto=3, spi=1)
        / _ethernet(inner)
    ),
    "l2tp": lambda inner: _udp(1701) / L2TP(tunnel_id=3, session_id=4) / _ppp(inner),
    "l2tp 3": lambda inner: _udp(1701) / Raw(b"\0\3\0\0\0\0\0\x09" + bytes(_ethernet(inner))),
    "teredo": lambda inner: _udp(3544) / Raw(bytes(_over6(inner))),
    "geneve": lambda inner: _udp(6081) / GENEVE(vni=5, proto=0x6558) / _ethernet(inner),
    "gtp": lambda inner: _udp(2152) / GTP_U_Header(teid=77, gtp_type=255) / inner,
    "tzsp": lambda inner: _udp(37008) / Raw(bytes.fromhex("0100000101")) / _ethernet(inner),
}

# --- links: each takes an IP packet and gives a frame's octets ----------------------------------

LINKS: Final[Mapping[str, tuple[int, Callable[[Layers], Layers]]]] = {
    "ethernet": (1, _ethernet),
    "tag": (1, lambda inner: ETHER / Dot1Q(vlan=10) / inner),
    "two tags": (1, lambda inner: ETHER / Dot1AD(vlan=20) / Dot1Q(vlan=10) / inner),
    "mpls": (1, lambda inner: ETHER / MPLS(label=30, s=1) / inner),
    "pppoe": (
        1,
        lambda inner: ETHER / PPPoE(sessionid=17) / _ppp(inner),
    ),
    "cooked": (113, lambda inner: CookedLinux(proto=_bits(inner)) / inner),
    "cooked v2": (276, lambda inner: CookedLinuxV2(proto=_bits(inner)) / inner),
    "raw": (101, lambda inner: inner),
}


def fragments(packet: Layers, number: int, sizes: Iterator[int]) -> list[Layers]:
    """Cut an IP packet into fragments of so many times eight octets."""
    payload = bytes(packet.payload)
    packets: list[Layers] = []
    offset = 0
    while offset < len(payload) or not packets:
        piece = payload[offset : offset + 8 * next(sizes)]
        more = int(offset + len(piece) < len(payload))
        if isinstance(packet, IPv6):
            shell = IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(
                nh=packet.nh, offset=offset // 8, m=more, id=number
            )
        else:
            shell = IP(
                src=packet.src,
                dst=packet.dst,
                id=packet.id,
                proto=packet.proto,
                flags=more,
                frag=offset // 8,
            )
        packets.append(shell / Raw(piece))
        offset += len(piece)
    return packets


# --- messages on transports ---------------------------------------------------------------------


def _built(packet: Layers) -> Layers:
    """Let scapy fill in lengths, checksums and protocol numbers.

    What is behind the header stays octets: scapy reads a fragment as if it were a whole packet, and
    then states other lengths around it.
    """
    octets = bytes(packet)
    size = 40 if isinstance(packet, IPv6) else 20
    return type(packet)(octets[:size]) / Raw(octets[size:])


def _network(over6: bool, client: int, number: int, back: bool) -> Layers:
    if over6:
        ends = (f"2001:db8:30::{client:x}", SERVER6)
        return IPv6(src=ends[back], dst=ends[not back])
    ends = (f"10.20.30.{client}", SERVER4)
    return IP(src=ends[back], dst=ends[not back], id=number & 0xFFFF)


class _Connection:
    """One direction of a TCP connection; it hands out the segments for messages put in."""

    def __init__(self, client: int, first: int, over6: bool) -> None:
        self.client = client
        self.sequence = first
        self.over6 = over6

    def segment(self, number: int, octets: bytes, flags: str = "PA") -> Layers:
        tcp = TCP(sport=50000, dport=53, seq=self.sequence & 0xFFFFFFFF, flags=flags)
        self.sequence += len(octets) + ("S" in flags)
        return _built(_network(self.over6, self.client, number, back=False) / tcp / Raw(octets))


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    """Draw messages and their way; the frames and what they carry come of it."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    messages = draw(st.lists(wires(), min_size=1, max_size=8))
    tunnels = draw(st.lists(st.sampled_from(sorted(TUNNELS)), max_size=3))
    link = draw(st.sampled_from(sorted(LINKS)))
    is_cut = draw(st.lists(st.booleans(), min_size=len(tunnels) + 1, max_size=len(tunnels) + 1))
    shortest = draw(st.sampled_from([1, 2, 20]))
    segment_octets = draw(st.sampled_from([1, 7, 100, 5000]))
    how = [*tunnels, link, f"cut {is_cut} from {shortest}", f"segments of {segment_octets}"]

    connections = [_Connection(201, 2**32 - 50, False), _Connection(202, 7, True)]
    packets: list[tuple[int, Layers]] = []  # with the message or connection it belongs to
    sent: list[Sent] = []
    streams: dict[int, bytes] = {}
    for place, wire in enumerate(messages):
        over6, by_tcp = chance.random() < 0.4, chance.random() < 0.5
        if by_tcp:
            of = int(over6)
            streams[of] = streams.get(of, b"") + len(wire).to_bytes(2, "big") + wire
            whole = _network(over6, connections[of].client, 0, back=False)
            sent.append(Sent(whole.src, 50000, whole.dst, 53, "tcp", wire))
            continue
        back = bool(wire[2] & 0x80)
        whole = _network(over6, 1 + place, 1000 + place, back=back)
        ports = (50001 + place, 53)
        udp = UDP(sport=ports[back], dport=ports[not back])
        packets.append((place, _built(whole / udp / Raw(wire))))
        sent.append(Sent(whole.src, ports[back], whole.dst, ports[not back], "udp", wire))
    for of, octets in streams.items():
        connection = connections[of]
        # What opens a connection bears its number with a minus.
        packets.append((-CONNECTIONS - of, connection.segment(2000 + 500 * of, b"", "S")))
        for turn, start in enumerate(range(0, len(octets), max(segment_octets, len(octets) // 60))):
            size = max(segment_octets, len(octets) // 60)
            number = 2001 + 500 * of + turn
            packets.append(
                (CONNECTIONS + of, connection.segment(number, octets[start : start + size]))
            )

    packets = _through(packets, tunnels, is_cut, chance, shortest)
    number, carry = LINKS[link]
    octets_of = [bytes(carry(packet)) for _, packet in _mixed(packets, chance)]
    frames = [
        Frame(at=START + turn * STEP, data=data, link=number, length=len(data))
        for turn, data in enumerate(octets_of)
    ]
    return Journey(frames, sent, how)


def _sizes(chance: random.Random, least: int) -> Iterator[int]:
    while True:
        yield chance.randint(least, 3 * least)


def _through(
    packets: list[tuple[int, Layers]],
    tunnels: list[str],
    is_cut: list[bool],
    chance: random.Random,
    shortest: int,
) -> list[tuple[int, Layers]]:
    """Take packets through tunnels, and cut them before each and at the end, where drawn."""
    number = 5000
    for depth, cut in enumerate(is_cut):
        if cut:
            pieces = []
            for of, packet in packets:
                number += 1
                room = MOST_FRAMES // max(len(packets), 1)
                least = max(shortest, len(packet) // 8 // max(room, 1) + 1)
                pieces += [
                    (of, _built(each)) for each in fragments(packet, number, _sizes(chance, least))
                ]
            packets = pieces
        if depth < len(tunnels):
            carried = []
            for of, packet in packets:
                number += 1
                over6 = chance.random() < 0.3
                whole = _outer(number, over6) / TUNNELS[tunnels[depth]](packet)
                carried.append((of, _built(whole)))
            packets = carried
    return packets


def _mixed(packets: list[tuple[int, Layers]], chance: random.Random) -> list[tuple[int, Layers]]:
    """Swap and repeat packets: each moves by a few places, a fifth come twice.

    What begins a connection stays in front of the rest of it, for that is where it is told.
    """
    repeated = [each for each in packets for _ in range(1 + (chance.random() < 0.2))]
    places = [(turn + chance.uniform(0, 12), each) for turn, each in enumerate(repeated)]
    begun = {-of: 0.0 for _, (of, _) in places if of < 0}
    for place, (of, _) in places:
        if of < 0:
            begun[-of] = max(begun[-of], place)
    moved = [
        (place if of < CONNECTIONS else place + begun[of], turn, (of, packet))
        for turn, (place, (of, packet)) in enumerate(places)
    ]
    return [each for _, _, each in sorted(moved, key=lambda item: item[:2])]
