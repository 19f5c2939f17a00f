"""Payloads on their way: the IP packets that carry one, and the frames those lie in.

Both are tables of functions; what they leave open comes from a `random.Random`. Addresses, ports
and numbers are few, so that queries meet their responses and mirrors their doubles.
"""

import random
import struct
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

from tests.sieve.hostile import ethernet, ipv4

CLIENTS: Final = ("10.20.30.41", "10.20.30.41", "10.20.30.42")
CLIENTS6: Final = ("2001:db8:30::41", "2001:db8:30::41", "2001:db8:30::42")
SERVER: Final = "10.20.0.53"
SERVER6: Final = "2001:db8:20::53"
PORTS: Final = (50001, 50001, 50002)
OTHER_PORTS: Final = (5300, 5353, 5355, 137, 8053, 443)
TUNNEL_PORTS: Final = (4789, 8472, 4790, 6081, 2152, 1701, 3544, 37008)

UDP, TCP, ICMP = 17, 6, 1
SYN, FIN, PUSH_ACK = 0x02, 0x11, 0x18

Packets = list[bytes]


def is_response(payload: bytes) -> bool:
    """Say whether a payload goes back to the client: by the QR bit (RFC 1035 §4.1.1)."""
    return len(payload) > 2 and payload[2] & 0x80 != 0


def over4(chance: random.Random, protocol: int, rest: bytes, *, back: bool) -> bytes:
    """An IPv4 packet between one of the clients and the server."""
    ends = [ip_address(chance.choice(CLIENTS)).packed, ip_address(SERVER).packed]
    return headed4(protocol, rest, b"".join(reversed(ends) if back else ends), chance.randrange(3))


def headed4(
    protocol: int,
    rest: bytes,
    addresses: bytes,
    number: int,
    flags: int = 0,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet with a right checksum (RFC 1071); `flags` has the fragment's place too."""
    size = 20 + len(options)
    fields = (0x40 | size // 4, 0, size + len(rest), number, flags, 64, protocol, 0)
    head = struct.pack("!BBHHHBBH", *fields) + addresses + options
    total = sum(struct.unpack(f"!{size // 2}H", head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xFFFF - total) + head[12:] + rest


def over6(chance: random.Random, protocol: int, rest: bytes, *, back: bool) -> bytes:
    """An IPv6 packet between one of the clients and the server."""
    ends = [ip_address(chance.choice(CLIENTS6)).packed, ip_address(SERVER6).packed]
    fields = struct.pack("!IHBB", 6 << 28, len(rest), protocol, 64)
    return fields + b"".join(reversed(ends) if back else ends) + rest


def udp(payload: bytes, client: int, server: int) -> bytes:
    """A datagram; the length says what its payload has, up to what can be said."""
    ends = (server, client) if is_response(payload) else (client, server)
    return struct.pack("!4H", *ends, min(8 + len(payload), 0xFFFF), 0) + payload


def _udp(chance: random.Random, payload: bytes, server: int = 53, client: int = 0) -> bytes:
    datagram = udp(payload, client or chance.choice(PORTS), server)
    return over4(chance, UDP, datagram, back=is_response(payload))


def _plain(chance: random.Random, payload: bytes) -> Packets:
    return [_udp(chance, payload)]


def _asked_and_told(chance: random.Random, payload: bytes) -> Packets:
    """The query for what a response answers, and the response; of a query, it and its failure."""
    asked = bytes([payload[2] & 0x79, 0]) if len(payload) > 3 else b"\1\0"
    end = payload.find(b"\0", 12) + 5
    if end < 12 + 5 or end > len(payload):
        return _plain(chance, payload)
    question = payload[:2] + asked + b"\0\1" + bytes(6) + payload[12:end]
    failure = question[:2] + b"\x81\x83" + question[4:]
    who, port = chance.random(), chance.choice(PORTS)
    return [
        over4(random.Random(who), UDP, udp(each, port, 53), back=is_response(each))
        for each in (question, payload if is_response(payload) else failure)
    ]


def _elsewhere(chance: random.Random, payload: bytes) -> Packets:
    return [_udp(chance, payload, chance.choice(OTHER_PORTS))]


def _from_tunnel_port(chance: random.Random, payload: bytes) -> Packets:
    return [_udp(chance, payload, 53, chance.choice([4789, chance.choice(TUNNEL_PORTS)]))]


def _on_tunnel_port(chance: random.Random, payload: bytes) -> Packets:
    return [_udp(chance, payload, chance.choice(TUNNEL_PORTS))]


def _without_length(chance: random.Random, payload: bytes) -> Packets:
    """UDP whose length is 0, or less than it has (RFC 768; RFC 2675 §4 on 0)."""
    datagram = bytearray(udp(payload, chance.choice(PORTS), 53))
    datagram[4:6] = struct.pack("!H", chance.choice([0, 7, 8, 8, len(payload)]))
    return [over4(chance, UDP, bytes(datagram), back=is_response(payload))]


def _over_ipv6(chance: random.Random, payload: bytes) -> Packets:
    datagram, protocol = udp(payload, chance.choice(PORTS), 53), UDP
    for _ in range(chance.randrange(3)):  # extension headers, RFC 8200 §4.3 and §4.6
        datagram, protocol = bytes([protocol, 0]) + bytes(6) + datagram, chance.choice([0, 60])
    return [over6(chance, protocol, datagram, back=is_response(payload))]


def _with_options(chance: random.Random, payload: bytes) -> Packets:
    whole = _udp(chance, payload)
    return [headed4(UDP, whole[20:], whole[12:20], 1, options=b"\x01" * chance.choice([4, 40]))]


def _in_icmp(chance: random.Random, payload: bytes) -> Packets:
    """Quoted in a destination unreachable (RFC 792): nobody reads it."""
    return [over4(chance, ICMP, b"\3\3" + bytes(6) + _udp(chance, payload), back=False)]


def _cuts(chance: random.Random, octets: bytes, unit: int) -> list[tuple[int, bytes]]:
    """Cut octets in up to four pieces at multiples of a unit, each with its offset."""
    places = sorted({0, *(chance.randrange(len(octets) + 1) // unit * unit for _ in range(3))})
    return [
        (start, octets[start:stop])
        for start, stop in zip(places, [*places[1:], len(octets)], strict=True)
    ]


def _lossy(chance: random.Random, packets: Packets) -> Packets:
    """Now and then swap, repeat or lose one."""
    if packets and chance.random() < 0.3:
        at = chance.randrange(len(packets))
        moved = packets.pop(at)
        packets[:] = [*packets, *[moved] * chance.randrange(3)]
    return packets


def _fragments(chance: random.Random, payload: bytes) -> Packets:
    whole = _udp(chance, payload)
    number = chance.randrange(1 << 16)
    pieces = _cuts(chance, whole[20:], 8)
    return _lossy(
        chance,
        [
            headed4(UDP, piece, whole[12:20], number, offset // 8 | more << 13)
            for (offset, piece), more in zip(pieces, [1] * (len(pieces) - 1) + [0], strict=True)
        ],
    )


def _fragments6(chance: random.Random, payload: bytes) -> Packets:
    """Cut behind a fragment header (RFC 8200 §4.5); one piece alone is an atomic fragment."""
    datagram = udp(payload, chance.choice(PORTS), 53)
    number, who = chance.randrange(1 << 32), chance.random()
    pieces = _cuts(chance, datagram, 8)
    made = []
    for place, (offset, piece) in enumerate(pieces):
        more = place + 1 < len(pieces)
        head = struct.pack("!BBHI", UDP, 0, offset | more, number)
        made.append(over6(random.Random(who), 44, head + piece, back=is_response(payload)))
    return _lossy(chance, made)


def _segments(chance: random.Random, payload: bytes, server: int = 53) -> Packets:
    """A connection that carries one message behind its length (RFC 1035 §4.2.2), cut anywhere."""
    client, back = chance.choice(PORTS), is_response(payload)
    ends = (server, client) if back else (client, server)
    who, sequence = chance.random(), chance.choice([7, (1 << 32) - 9])
    octets = struct.pack("!H", min(len(payload), 0xFFFF)) + payload
    steps = [(SYN, sequence, b"")]
    sequence += 1
    steps += [(PUSH_ACK, sequence + at, piece) for at, piece in _cuts(chance, octets, 1)]
    steps += [(0x10, sequence + len(octets), b""), (FIN, sequence + len(octets), b"")]
    made = []
    for control, number, piece in steps:
        fields = (*ends, number & 0xFFFFFFFF, 1, 0x50, control, 1024, 0, 0)
        segment = struct.pack("!HHIIBBHHH", *fields) + piece
        made.append(over4(random.Random(who), TCP, segment, back=back))
    return _lossy(chance, made)


def _segments_elsewhere(chance: random.Random, payload: bytes) -> Packets:
    return _segments(chance, payload, 8053)


# How a payload travels: the IP packets that carry it.
WAYS: Final[Mapping[str, Callable[[random.Random, bytes], Packets]]] = {
    "plain": _plain,
    "asked and told": _asked_and_told,
    "elsewhere": _elsewhere,
    "from a tunnel's port": _from_tunnel_port,
    "on a tunnel's port": _on_tunnel_port,
    "without length": _without_length,
    "ipv6": _over_ipv6,
    "options": _with_options,
    "icmp": _in_icmp,
    "fragments": _fragments,
    "fragments of ipv6": _fragments6,
    "segments": _segments,
    "segments elsewhere": _segments_elsewhere,
}


def _number(packet: bytes) -> int:
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


def _ip(packet: bytes) -> bytes:
    return ipv4(41 if packet[0] >> 4 == 6 else 4, packet)


def _gre(head: str, *fields: int) -> Callable[[bytes], bytes]:
    """A GRE header (RFC 2784, RFC 2890), and an Ethernet frame in it."""
    return lambda packet: ipv4(47, struct.pack(head, *fields) + ethernet(packet))


def _on_port(port: int, head: str, *fields: int) -> Callable[[bytes], bytes]:
    """A header on a UDP port, and an Ethernet frame in it."""
    return lambda packet: _ported(port, struct.pack(head, *fields) + ethernet(packet))


def _ported(port: int, rest: bytes) -> bytes:
    return ipv4(UDP, struct.pack("!4H", 40001, port, min(8 + len(rest), 0xFFFF), 0) + rest)


def _gtp(packet: bytes) -> bytes:
    return _ported(2152, struct.pack("!BBHI", 0x30, 255, min(len(packet), 0xFFFF), 7) + packet)


# An IP packet in another: what the kernels take off themselves, and what they leave to the river.
TUNNELS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "none": lambda packet: packet,
    "ip in ip": _ip,
    "gre": lambda packet: ipv4(47, struct.pack("!HH", 0, _number(packet)) + packet),
    "gre bridging": _gre("!HHI", 0x2000, 0x6558, 7),
    "erspan i": _gre("!HH", 0, 0x88BE),
    "erspan ii": _gre("!HHIQ", 0x1000, 0x88BE, 7, 0x1000 << 48),
    "erspan iii": _gre("!HHIQI", 0x1000, 0x22EB, 7, 0x2000 << 48, 0),
    "mpls in gre": lambda packet: ipv4(47, struct.pack("!HHI", 0, 0x8847, 0x00064100) + packet),
    "vxlan": _on_port(4789, "!II", 0x08 << 24, 42 << 8),
    "vxlan without flag": _on_port(4789, "!II", 0, 42 << 8),
    "geneve": _on_port(6081, "!BBHI", 0, 0, 0x6558, 7 << 8),
    "gtp": _gtp,
    "tzsp": _on_port(37008, "!BBHB", 1, 0, 1, 1),
}


def _tagged(tags: int) -> Callable[[bytes], bytes]:
    def frame(packet: bytes) -> bytes:
        number = _number(packet)
        for _ in range(tags):
            packet, number = struct.pack("!HH", 5, number) + packet, 0x8100
        return ethernet(packet, number)

    return frame


def _pppoe(packet: bytes) -> bytes:
    ppp = struct.pack("!H", 0x57 if packet[0] >> 4 == 6 else 0x21) + packet
    return ethernet(struct.pack("!HHH", 0x1100, 1, min(len(ppp), 0xFFFF)) + ppp, 0x8864)


def _snap(packet: bytes) -> bytes:
    rest = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", _number(packet)) + packet
    return ethernet(rest, len(rest)) if len(rest) <= 1500 else ethernet(packet)


# An IP packet in a frame of Ethernet.
LINKS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "ethernet": ethernet,
    "tag": _tagged(1),
    "two tags": _tagged(2),
    "nine tags": _tagged(9),
    "mpls": lambda packet: ethernet(b"\0\6\x41\x40" + packet, 0x8847),
    "ethernet in mpls": lambda packet: ethernet(b"\0\6\x41\x40" + ethernet(packet), 0x8847),
    "pppoe": _pppoe,
    "snap": _snap,
    "nobody's": lambda packet: ethernet(packet, 0x88CC),
}
