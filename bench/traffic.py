"""Generate the captures that speed is measured on: DNS alone, and DNS amid other traffic.

    python bench/traffic.py KIND PACKETS SEED FILE      KIND: dns, mixed

The same arguments give the same file. What the packets are stands in the tables here and in
`bench.names`; addresses and names are made up, except the one that is watched.
"""

import argparse
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import wire
from bench.captures import MILLION, Column, Packets, write
from bench.draw import CLIENTS, EPHEMERAL, Draw
from bench.names import RESOLVER4, Names
from bench.wire import TCP, UDP, Template

START: Final = 1_795_516_800 * MILLION

# Packets in a second of the captures' own time.
PACE: Final = {"dns": 20_000, "mixed": 100_000}

# "A tenth DNS; the rest by packet": what is neither is `other`.
DNS_SHARE: Final = 0.1
REST: Final = {
    "https": 0.6,
    "datagrams": 0.25,
    "tunnels": 0.03,
    "fragments": 0.005,
    "conversations": 0.005,
}

# Octets of payload by share. Half of all segments are mere acknowledgments.
SEGMENT: Final = {(0, 0): 0.5, (40, 600): 0.3, (1448, 1448): 0.2}
QUIC: Final = {(30, 80): 0.5, (200, 1199): 0.3, (1200, 1200): 0.2}  # RFC 9000 §14.1: 1200 first
RTP: Final = {(160, 160): 0.6, (700, 1100): 0.4}  # 20 ms of G.711 (RFC 3551 §4.5.14); video
VARIETY: Final = 400  # so many templates of a kind

WEB: Final = (bytes([203, 0, 113, 80]), bytes.fromhex("20010db8000000000000000000000443"))
OVER_IPV6: Final = 0.2

# In a tunnel is what is outside it too.
INNER: Final = {"https": 0.65, "datagrams": 0.25, "dns": 0.1}
TUNNELS: Final = {"vlan": 1 / 3, "vxlan": 1 / 3, "gre": 1 / 3}

# Fragmented datagrams: every fifth a response of DNS, the others what storage and calls send.
FRAGMENTED: Final = {"dns": 0.2, "else": 0.8}
CUT: Final = 1480

# A conversation over TCP: opened, asked, answered, closed; and an acknowledgment of each. The
# control bits of RFC 9293 §3.1.
FIN, SYN, PSH, ACK = 1, 2, 8, 16
CONVERSATION: Final = 10
BETWEEN_SEGMENTS: Final = 400  # microseconds


def dns(draw: Draw, count: int, span: float) -> Packets:
    """DNS and nothing else; half of the messages are queries."""
    return Names(draw, count).pairs(count // 2, span)


def mixed(draw: Draw, count: int, span: float) -> Packets:
    """DNS amid other traffic."""
    pairs = round(count * DNS_SHARE / 2)
    names = Names(draw, 2 * pairs)
    parts = [names.pairs(pairs, span)]
    rest = count - 2 * pairs
    for kind, make in KINDS.items():
        share = round(rest * REST[kind])
        parts.append(make(draw, names, share, span))
    parts.append(other(draw, count - sum(len(part.at) for part in parts), span))
    return Packets.joined(parts)


def https(draw: Draw, _names: Names, count: int, span: float) -> Packets:
    """TCP to and from port 443, with what looks random because it is encrypted."""
    return _any_of(draw, [_segment(draw) for _ in range(VARIETY)], count, span)


def datagrams(draw: Draw, _names: Names, count: int, span: float) -> Packets:
    """QUIC's and RTP's headers and random payload."""
    return _any_of(draw, [_datagram(draw) for _ in range(VARIETY)], count, span)


def tunnels(draw: Draw, names: Names, count: int, span: float) -> Packets:
    """VLAN, VXLAN and GRE with the same traffic inside; VLANs stacked too."""
    return _any_of(draw, [_tunnel(draw, names) for _ in range(VARIETY)], count, span)


def fragments(draw: Draw, names: Names, count: int, span: float) -> Packets:
    """Datagrams in two pieces, both there, one behind the other."""
    pieces = [wire.fragments(_large(draw, names), CUT) for _ in range(VARIETY // 4)]
    first, second = (
        np.array([draw.add(wire.ethernet(each, sent=False)) for each in part])
        for part in zip(*pieces, strict=True)
    )
    whole = (count + 1) // 2
    which = draw.random.integers(0, len(pieces), whole)
    at = draw.times(whole, span)
    head = draw.packets(first[which], at)
    tail = head._replace(template=second[which], at=at + 12)
    return Packets.joined([head, tail]).rows(slice(0, count))


def conversations(draw: Draw, names: Names, count: int, span: float) -> Packets:
    """DNS over TCP port 53: whole connections, each with one query."""
    talks = np.array([_conversation(draw, names) for _ in range(VARIETY // 4)])
    whole = (count + CONVERSATION - 1) // CONVERSATION
    which = draw.random.integers(0, len(talks), whole)
    at = draw.times(whole, span)
    shared = {
        "client": draw.random.integers(0, CLIENTS, whole),
        "port": draw.random.integers(*EPHEMERAL, whole),
        "word": draw.random.integers(0, 65536, whole),
    }
    parts = [
        draw.packets(talks[which, step], at + step * BETWEEN_SEGMENTS, **shared)
        for step in range(CONVERSATION)
    ]
    return Packets.joined(parts).rows(slice(0, count))


KINDS: Final[Mapping[str, Callable[[Draw, Names, int, float], Packets]]] = {
    "https": https,
    "datagrams": datagrams,
    "tunnels": tunnels,
    "fragments": fragments,
    "conversations": conversations,
}


def other(draw: Draw, count: int, span: float) -> Packets:
    """ARP, ICMP, neighbour discovery, spanning tree."""
    return _any_of(draw, [_background(draw) for _ in range(VARIETY // 4)], count, span)


def _any_of(draw: Draw, templates: list[Template], count: int, span: float) -> Packets:
    places = np.array([draw.add(each) for each in templates])
    return draw.packets(draw.random.choice(places, count), draw.times(count, span))


def _web(draw: Draw) -> tuple[bytes, bool]:
    """A server's address, and whether the packet is sent to it."""
    return WEB[draw.is_so(OVER_IPV6)], draw.is_so(1 / 2)


def _segment(draw: Draw, *, framed: bool = True) -> Template:
    server, sent = _web(draw)
    place = (int(draw.random.integers(1 << 32)), int(draw.random.integers(1 << 32)))
    whole = wire.packet(
        TCP, server, 443, b"", sent=sent, tail=draw.size(SEGMENT), control=ACK, place=place
    )
    return wire.ethernet(whole, sent=sent) if framed else whole


def _datagram(draw: Draw, *, framed: bool = True) -> Template:
    server, sent = _web(draw)
    if draw.is_so(1 / 2):  # a short header's first octet (RFC 9000 §17.3.1), then anything
        start, port, tail = b"\x4f\0", 443, draw.size(QUIC)
    else:  # RTP's version 2, sequence number, time, source (RFC 3550 §5.1)
        start, port, tail = b"\x80\x08" + bytes(2) + draw.random.bytes(8), 16384, draw.size(RTP)
    whole = wire.packet(
        UDP, server, port, start, sent=sent, tail=tail, word=2 if len(start) > 2 else wire.NONE
    )
    return wire.ethernet(whole, sent=sent) if framed else whole


def _lookup(draw: Draw, names: Names) -> Template:
    query, response = names.wires[int(names.popular(1)[0])]
    sent = draw.is_so(1 / 2)
    return wire.packet(UDP, RESOLVER4, 53, query if sent else response, sent=sent, word=0)


def _tunnel(draw: Draw, names: Names) -> Template:
    kind = draw.one(INNER)
    if kind == "dns":
        inner = _lookup(draw, names)
    else:
        inner = (_segment if kind == "https" else _datagram)(draw, framed=False)
    match draw.one(TUNNELS):
        case "vlan":
            return wire.ethernet(inner, vlans=(20, 30)[: 1 + draw.is_so(1 / 4)])
        case "vxlan":
            return wire.vxlan(inner, int(draw.random.integers(*EPHEMERAL)))
        case _:
            return wire.gre(inner)


def _large(draw: Draw, names: Names) -> Template:
    """A datagram that has to be cut."""
    if draw.one(FRAGMENTED) == "dns":
        query, _ = names.wires[int(names.popular(1)[0])]
        question = query[wire.QUESTION_AT : query.index(b"\0", wire.QUESTION_AT) + 5]
        text = b"\xff" + draw.random.bytes(255)
        texts = b"".join(wire.record(wire.pointer(12), "TXT", 60, text) for _ in range(8))
        payload = struct.pack("!6H", 0, 0x8180, 1, 8, 0, 0) + question + texts
        return wire.packet(UDP, RESOLVER4, 53, payload, sent=False, word=0)
    payload = bytes(4) + draw.random.bytes(int(draw.random.integers(1600, 2800)))
    return wire.packet(UDP, WEB[0], 2049, payload, sent=False, word=2)


def _conversation(draw: Draw, names: Names) -> list[int]:
    query, response = (
        struct.pack("!H", len(message)) + message
        for message in names.wires[int(names.popular(1)[0])]
    )
    ours, theirs = (int(each) for each in draw.random.integers(1 << 31, size=2))
    asked, told = ours + 1 + len(query), theirs + 1 + len(response)
    steps = [
        (True, SYN, ours, 0, b""),
        (False, SYN | ACK, theirs, ours + 1, b""),
        (True, ACK, ours + 1, theirs + 1, b""),
        (True, PSH | ACK, ours + 1, theirs + 1, query),
        (False, ACK, theirs + 1, asked, b""),
        (False, PSH | ACK, theirs + 1, asked, response),
        (True, ACK, asked, told, b""),
        (True, FIN | ACK, asked, told, b""),
        (False, FIN | ACK, told, asked + 1, b""),
        (True, ACK, asked + 1, told + 1, b""),
    ]
    return [
        draw.add(
            wire.ethernet(
                wire.packet(
                    TCP,
                    RESOLVER4,
                    53,
                    payload,
                    sent=sent,
                    control=control,
                    place=(sequence, acknowledged),
                    word=2 if payload else wire.NONE,
                ),
                sent=sent,
            )
        )
        for sent, control, sequence, acknowledged, payload in steps
    ]


def _background(draw: Draw) -> Template:
    """One of the frames that every network hums with, without holes."""
    host = bytes([10, 20, *draw.random.bytes(2)])
    router = bytes([10, 20, 0, 1])
    macs = wire.MAC_ROUTER + wire.MAC_CLIENT
    match draw.one({"arp": 0.45, "icmp": 0.35, "neighbours": 0.15, "spanning tree": 0.05}):
        case "arp":  # RFC 826
            asked = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
            body = asked + wire.MAC_CLIENT + host + bytes(6) + router
            frame = b"\xff" * 6 + wire.MAC_CLIENT + b"\x08\x06" + body + bytes(18)
        case "icmp":  # echo, RFC 792
            body = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + draw.random.bytes(56)
            body = body[:2] + struct.pack("!H", wire.checksum(wire.total(body))) + body[4:]
            frame = macs + b"\x08\x00" + wire.ipv4(1, len(body), (host, WEB[0])) + body
        case "neighbours":  # RFC 4861 §4.3
            client, target = wire.CLIENT6[:12] + host, RESOLVER4.rjust(16, b"\xfd")
            body = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + wire.MAC_CLIENT
            own = client + target + struct.pack("!II", len(body), 58)
            check = wire.checksum(wire.total(own + body))
            body = body[:2] + struct.pack("!H", check) + body[4:]
            network = struct.pack("!IHBB", 0x6 << 28, len(body), 58, 255) + client + target
            frame = macs + b"\x86\xdd" + network + body
        case _:  # IEEE 802.1D over 802.2
            bpdu = bytes.fromhex("424203") + bytes(35)
            frame = bytes.fromhex("0180c2000000") + wire.MAC_CLIENT + b"\x00\x26" + bpdu + bytes(8)
    return Template(frame)


MAKERS: Final[Mapping[str, Callable[[Draw, int, float], Packets]]] = {"dns": dns, "mixed": mixed}


def generate(kind: str, count: int, seed: int, path: Path) -> None:
    """Write a capture of an even number of packets in the order of their times."""
    draw = Draw(seed)
    packets = MAKERS[kind](draw, count, count / PACE[kind] * MILLION)
    order: Column = np.argsort(packets.at, kind="stable")
    packets = packets.rows(order)
    write(path, draw.templates, packets._replace(at=packets.at + START), draw.random)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kind", choices=MAKERS)
    parser.add_argument("packets", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    generate(given.kind, given.packets, given.seed, given.file)


if __name__ == "__main__":
    main()
