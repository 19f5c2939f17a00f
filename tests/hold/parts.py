"""Frames that belong together: datagrams in pieces, TCP conversations, in order and in trouble.

Few hosts, ports and numbers, so that they meet. All is drawn from one `random.Random`.
"""

import itertools
import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sensor.frame import Frame
from sensor.stage import MILLISECOND, SECOND, Nanoseconds
from tests.dns.messages import question, wire_name
from tests.traffic import START

HOSTS: Final = (bytes([10, 20, 30, 41]), bytes([10, 20, 0, 53]))
HOSTS6: Final = tuple(bytes([0xFD, *bytes(14), last]) for last in (1, 2))
PORTS: Final = (50001, 50002)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
VXLAN: Final = 4789

# Pauses: none, of a round trip, around each time-out of the river, and back.
PAUSES: Final = (0, 0, 0, 1, 20, 500, 1_600, 2_900, 3_100, 29_000, 31_000, 119_000, 121_000, -50)
LIKELY: Final = (40, 40, 40, 40, 20, 4, 2, 2, 2, 1, 1, 1, 1, 2)


class Draw(NamedTuple):
    """What frames are drawn with; `trouble` is how likely each thing goes wrong."""

    chance: random.Random
    trouble: float

    def is_so(self, share: float) -> bool:
        return self.chance.random() < share

    def goes_wrong(self) -> bool:
        return self.is_so(self.trouble)


def message(draw: Draw) -> bytes:
    """A query or a response, watched now and then."""
    names = [b"www.example.com", b"a.example.net", b"mail.example.com"]
    name = b"api.telegram.org" if draw.is_so(0.15) else draw.chance.choice(names)
    is_response = draw.is_so(0.5)
    ident = draw.chance.choice((7, 8))
    flags = 0x8180 if is_response else 0x0100
    whole = struct.pack("!6H", ident, flags, 1, 0, 0, 0) + question(wire_name(*name.split(b".")))
    if is_response and draw.is_so(0.7):
        text = b"\x10" + draw.chance.randbytes(16)
        record = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + len(text).to_bytes(2) + text
        count = draw.chance.choice((1, 2, 20))
        whole = whole[:6] + count.to_bytes(2) + whole[8:] + record * count
    return whole


def ip(version: int, protocol: int, data: bytes, number: int, *, back: bool = False) -> bytes:
    """An IP packet from the first host to the second, or back."""
    hosts = HOSTS if version == 4 else HOSTS6
    src, dst = hosts[::-1] if back else hosts
    if version == 6:
        return struct.pack("!IHBB", 0x6 << 28, len(data), protocol, 64) + src + dst + data
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), number, 0, 64, protocol, 0)
    return header + src + dst + data


def udp(sport: int, dport: int, payload: bytes) -> bytes:
    return struct.pack("!4H", sport, dport, 8 + len(payload), 0) + payload


def tcp(ports: tuple[int, int], sequence: int, control: int, payload: bytes = b"") -> bytes:
    place = (*ports, sequence & 0xFFFFFFFF, 0, 0x50, control, 1024, 0, 0)
    return struct.pack("!HHIIBBHHH", *place) + payload


class Piece(NamedTuple):
    """Octets of a datagram from `begin` on, `more` behind them or not."""

    begin: int
    more: bool
    octets: bytes


Part = Piece | bytes
"""What trouble befalls: a piece of a datagram, or a packet of a conversation."""


def _again(draw: Draw, parts: list[Part], place: int) -> None:
    parts.insert(draw.chance.randrange(len(parts) + 1), parts[place])


def _lost(_: Draw, parts: list[Part], place: int) -> None:
    parts.pop(place)


def _forged(_: Draw, parts: list[Part], place: int) -> None:
    part = parts[place]
    octets = part if isinstance(part, bytes) else part.octets
    octets = octets[:-1] + bytes([octets[-1] ^ 1])
    parts.insert(place, octets if isinstance(part, bytes) else part._replace(octets=octets))


def _moved(draw: Draw, parts: list[Part], place: int) -> None:
    parts.insert(draw.chance.randrange(len(parts)), parts.pop(place))


def _shorter(draw: Draw, parts: list[Part], place: int) -> None:
    part = parts[place]
    if isinstance(part, bytes):
        parts[place] = part[: len(part) - draw.chance.choice((1, 10))]
    elif len(part.octets) > 8:
        parts[place] = part._replace(octets=part.octets[:8], more=True)


def _wider(_: Draw, parts: list[Part], place: int) -> None:
    part = parts[place]
    if isinstance(part, Piece) and part.begin:
        parts.insert(place, Piece(part.begin - 8, part.more, bytes(8) + part.octets))


def _ended(_: Draw, parts: list[Part], place: int) -> None:
    part = parts[place]
    if isinstance(part, Piece):
        parts.insert(place, part._replace(more=not part.more))


TROUBLE: Final = (_again, _lost, _forged, _moved, _shorter, _wider, _ended)


def troubled(draw: Draw, parts: list[Part]) -> list[Part]:
    """Let up to two things go wrong; now and then all comes twice."""
    if draw.is_so(0.15):
        parts = [part for part in parts for _ in range(2)]
    for _ in range(2):
        if draw.goes_wrong() and parts:
            draw.chance.choice(TROUBLE)(draw, parts, draw.chance.randrange(len(parts)))
    return parts


def pieces(draw: Draw, whole: bytes) -> list[bytes]:
    """Cut an IP packet, and let trouble befall the pieces."""
    size = len(whole) - _header_size(whole)
    places = range(8, size, 8)
    cuts = sorted(draw.chance.sample(places, min(len(places), draw.chance.choice((1, 1, 2, 3)))))
    parts: list[Part] = [*cut(whole, cuts)]
    number = draw.chance.choice((1, 2, 3))
    header = whole[: len(whole) - size]
    return [
        piece(header, part, number) for part in troubled(draw, parts) if isinstance(part, Piece)
    ]


def fragments(whole: bytes, *cuts: int, number: int = 1) -> list[bytes]:
    """Cut an IP packet at these octets behind its header."""
    header = whole[: _header_size(whole)]
    return [piece(header, part, number) for part in cut(whole, cuts)]


def cut(whole: bytes, cuts: Sequence[int]) -> list[Piece]:
    """Cut what is behind an IP header."""
    data = whole[_header_size(whole) :]
    return [
        Piece(begin, end < len(data), data[begin:end])
        for begin, end in itertools.pairwise([0, *cuts, len(data)])
    ]


def _header_size(whole: bytes) -> int:
    return 20 if whole[0] >> 4 == 4 else 40


def piece(header: bytes, part: Piece, number: int) -> bytes:
    """Put a piece behind an IP header."""
    size = len(part.octets)
    if header[0] >> 4 == 4:
        place = struct.pack("!HHH", 20 + size, number, part.begin // 8 | part.more << 13)
        return header[:2] + place + header[8:] + part.octets
    extension = struct.pack("!BBHI", header[6], 0, part.begin | part.more, number)
    return header[:4] + (8 + size).to_bytes(2) + b"\x2c" + header[7:] + extension + part.octets


def ethertype(packet: bytes) -> bytes:
    return b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"


def ethernet(draw: Draw, packet: bytes) -> bytes:
    """A frame; in a VLAN, or a tunnel, now and then."""
    kind = ethertype(packet)
    inside = bytes(12) + kind + packet
    if draw.is_so(draw.trouble / 4):
        way = draw.chance.choice(("vxlan", "gre", "ipip"))
        if way == "vxlan":
            packet = ip(4, 17, udp(50001, VXLAN, b"\x08" + bytes(7) + inside), 9)
        elif way == "gre":
            packet = ip(4, 47, b"\0\0" + kind + packet, 9)
        else:
            packet = ip(4, 4 if kind == b"\x08\x00" else 41, packet, 9)
        if draw.is_so(0.3):
            return bytes(12) + b"\x08\x00" + packet
        inside = bytes(12) + b"\x08\x00" + packet
    tag = draw.chance.choice((b"", b"", b"\x81\0\0\x0a", b"\x88\xa8\0\x0a\x81\0\0\x14"))
    return inside[:12] + tag + inside[12:]


def _dns(draw: Draw, version: int, client: int) -> list[bytes]:
    back = draw.is_so(0.5)
    ports = (53, client) if back else (client, 53)
    return [ip(version, 17, udp(*ports, message(draw)), 1, back=back)]


def _any_port(draw: Draw, version: int, client: int) -> list[bytes]:
    return [ip(version, 17, udp(client, 40000, message(draw)), 1)]


def _other(draw: Draw, version: int, client: int) -> list[bytes]:
    return [ip(version, 17, udp(client, 2049, draw.chance.randbytes(60)), 1)]


def _icmp(draw: Draw, version: int, _: int) -> list[bytes]:
    return [ip(version, 1, draw.chance.randbytes(60), 1)]


def _segment(draw: Draw, version: int, client: int) -> list[bytes]:
    return [ip(version, 6, tcp((client, 53), 1001, PSH | ACK, prefixed(message(draw))), 1)]


def _nested(draw: Draw, _: int, client: int) -> list[bytes]:
    return [
        ip(4, 17, udp(client, VXLAN, b"\x08" + bytes(19) + ethertype(part) + part), 9)
        for part in datagram(draw._replace(trouble=0))
    ]


INSIDE: Final[Mapping[Callable[[Draw, int, int], list[bytes]], float]] = {
    _dns: 0.5,
    _any_port: 0.2,
    _other: 0.15,
    _icmp: 0.15,
}
IN_TROUBLE: Final = (_segment, _nested)


def datagram(draw: Draw) -> list[bytes]:
    """A datagram in pieces: DNS, something else, or what has a segment or a datagram in it."""
    makers = list(INSIDE)
    make = draw.chance.choices(makers, [INSIDE[each] for each in makers])[0]
    if draw.is_so(draw.trouble / 2):
        make = draw.chance.choice(IN_TROUBLE)
    packets = make(draw, draw.chance.choice((4, 4, 6)), draw.chance.choice(PORTS))
    return [part for packet in packets for part in pieces(draw, packet)]


def prefixed(whole: bytes) -> bytes:
    """A message behind its length."""
    return len(whole).to_bytes(2) + whole


def conversation(draw: Draw) -> list[bytes]:
    """A connection, or what is seen of one."""
    version = draw.chance.choice((4, 4, 6))
    client = draw.chance.choice(PORTS)
    at = [draw.chance.choice((1000, 5000, 0xFFFFFFF0)) for _ in range(2)]
    steps: list[Part] = []

    def send(control: int, payload: bytes = b"", *, back: bool) -> None:
        ports = (53, client) if back else (client, 53)
        steps.append(ip(version, 6, tcp(ports, at[back], control, payload), 1, back=back))
        at[back] += len(payload) + bool(control & SYN)

    send(SYN, back=False)
    send(SYN | ACK, back=True)
    for back in (False, True) * draw.chance.choice((1, 1, 1, 2, 3)):
        stream = b"".join(prefixed(message(draw)) for _ in range(draw.chance.choice((1, 1, 2))))
        stream += bytes(2) * draw.is_so(0.02)
        cuts = [draw.chance.randrange(len(stream))] if draw.is_so(0.3) else []
        for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
            send(PSH | ACK, stream[begin:end], back=back)
    if draw.is_so(0.8):
        send(draw.chance.choice((FIN | ACK, FIN | ACK, RST)), back=False)
        send(FIN | ACK, back=True)
    return [step for step in troubled(draw, steps) if isinstance(step, bytes)]


def traffic(chance: random.Random, *, talks: int, trouble: float) -> Iterator[Frame]:
    """Datagrams and conversations side by side, each in its own order, over some minutes."""
    draw = Draw(chance, trouble)
    running: list[list[bytes]] = []
    now: Nanoseconds = START + SECOND
    left = talks
    while left or running:
        if left and (not running or draw.is_so(0.3)):
            left -= 1
            running.append((datagram if draw.is_so(0.5) else conversation)(draw))
            continue
        talk = draw.chance.choice(running)
        if not talk:
            running.remove(talk)
            continue
        now += draw.chance.choices(PAUSES, LIKELY)[0] * MILLISECOND
        data = ethernet(draw, talk.pop(0))
        length = len(data) + (5 if draw.is_so(draw.trouble / 10) else 0)
        yield Frame(at=now, data=data, link=1, length=length)
