"""Messages that nearly hold a watched name, and the frames that carry them."""

import struct
from typing import Final

from hypothesis import strategies as st

from tests.dns.messages import pointer

# Labels of the watched names, others that differ in one octet or in where they part, and capitals.
LABELS: Final = (
    *(b"api", b"telegram", b"org", b"example", b"cdn", b"x", b"www"),
    *(b"API", b"TeLeGrAm", b"oRg", b"aph", b"ap)", b"telegran", b"telegra", b"telegramm"),
    *(b"org\0", b"example.org", b"api.telegram.org", b"api\x08telegram", b"\xe1pi", b"`pi"),
    *(b"a" * 63, b"[rg", b"@rg", b"{rg"),
)
WATCHED: Final = (b"api", b"telegram", b"org")


def _plain(labels: tuple[bytes, ...] | list[bytes]) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels)


@st.composite
def near_names(draw: st.DrawFn) -> bytes:
    """A name that is watched, or nearly; it ends in the root, a pointer, or not at all."""
    if draw(st.booleans()):
        labels = list(WATCHED)
        at = draw(st.integers(0, len(labels)))
        extra = draw(st.lists(st.sampled_from(LABELS), max_size=2))
        labels = labels[at:] if draw(st.booleans()) else [*extra, *labels]
        name = bytearray(_plain(labels))
        if name and draw(st.booleans()):
            place = draw(st.integers(0, len(name) - 1))
            name[place] ^= draw(st.sampled_from([0x20, 0x01, 0x80, 0x40, 0x00]))
    else:
        name = bytearray(_plain(draw(st.lists(st.sampled_from(LABELS), max_size=5))))
    end = draw(st.sampled_from(["root", "root", "pointer", "pointer", "none", "odd"]))
    if end == "root":
        return bytes(name) + b"\0"
    if end == "pointer":
        to = draw(st.one_of(st.sampled_from([12, 12, 13, 16, 25]), st.integers(0, 120)))
        return bytes(name) + pointer(to)
    return bytes(name) + (b"" if end == "none" else draw(st.sampled_from([b"\x40", b"\x80\0"])))


TYPES: Final = (1, 5, 5, 39, 64, 65, 2, 6, 41, 16)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    owner = draw(st.one_of(st.just(pointer(12)), near_names()))
    kind = draw(st.sampled_from(TYPES))
    data = draw(near_names())
    if kind in (64, 65):
        parameters = draw(st.sampled_from([b"", b"\0\3\0\2\1\xbb", b"\0\1\0\xff"]))
        data = b"\0\1" + data + parameters
    length = len(data) + draw(st.sampled_from([0, 0, 0, 0, 0, -1, 1, 400]))
    return owner + struct.pack("!HHIH", kind, 1, 60, max(0, length)) + data


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A message, whole, cut anywhere, or with octets behind it."""
    questions = draw(st.lists(near_names(), max_size=2))
    after = draw(st.lists(records(), max_size=4))
    flags = draw(st.sampled_from([0x0100, 0x8180, 0x8180, 0x8180, 0x2800, 0x8400, 0x8140]))
    answers = len(after) if flags & 0x8000 else 0
    counts = [len(questions), answers, 0, len(after) - answers]
    if draw(st.integers(0, 4)) == 0:
        counts[draw(st.integers(0, 3))] += draw(st.sampled_from([1, 0xFF00]))
    wire = struct.pack("!6H", 7, flags, *counts)
    for name in questions:
        wire += name + struct.pack("!HH", 1, draw(st.sampled_from([1, 1, 1, 255, 9])))
    wire += b"".join(after)
    cut = draw(st.sampled_from(["whole", "whole", "whole", "cut", "longer"]))
    if cut == "cut":
        return wire[: draw(st.integers(0, len(wire)))]
    return wire + (b"\0" if cut == "longer" else b"")


PORTS: Final = (53, 53, 53, 40000, 5353, 5355, 137, 4789, 4790, 6081, 2152, 1701, 3544, 8472, 8473)


def datagram(payload: bytes, sport: int, dport: int, *, over6: bool = False) -> bytes:
    """An IP packet of a UDP payload."""
    udp = struct.pack("!4H", sport, dport, 8 + len(payload), 0) + payload
    if over6:
        return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + bytes(32) + udp
    return ipv4(17, udp)


def ipv4(protocol: int, rest: bytes) -> bytes:
    """An IPv4 packet with a right checksum."""
    head = struct.pack("!BBHHHBBH8x", 0x45, 0, 20 + len(rest), 1, 0, 64, protocol, 0)
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xFFFF - total) + head[12:] + rest


def ethernet(packet: bytes, kind: int = 0) -> bytes:
    """A frame of Ethernet; the type follows from the packet's version."""
    number = kind or (0x86DD if packet[:1] and packet[0] >> 4 == 6 else 0x0800)
    return bytes(12) + struct.pack("!H", number) + packet


@st.composite
def tunnelled(draw: st.DrawFn) -> bytes:
    """A frame of a datagram with a drawn payload in up to two tunnels of the kernels' own."""
    ports = draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))
    packet = datagram(draw(payloads()), *ports, over6=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 2))):
        version = packet[0] >> 4
        number = 0x0800 if version == 4 else 0x86DD
        frame = ethernet(packet)
        packet = draw(
            st.sampled_from(
                [
                    ipv4(4 if version == 4 else 41, packet),
                    ipv4(47, struct.pack("!HH", 0, number) + packet),
                    ipv4(47, struct.pack("!HHI", 0x2000, 0x6558, 7) + frame),
                    ipv4(47, struct.pack("!HHIQ", 0x1000, 0x88BE, 7, 0x1000 << 48) + frame),
                    ipv4(47, struct.pack("!HH12s", 0, 0x22EB, b"\x20" + bytes(11)) + frame),
                    ipv4(47, struct.pack("!HH", 0, 0x88BE) + frame),
                    ipv4(47, struct.pack("!HHI", 0, 0x8847, 0x00064100) + packet),
                    ipv4(47, struct.pack("!HHI", 0, 0x8847, 0x00064100) + frame),
                    datagram(struct.pack("!II", 0x08 << 24, 42 << 8) + frame, 40001, 4789),
                    datagram(struct.pack("!BBHI", 0, 0, 0x6558, 7 << 8) + frame, 53, 6081),
                    datagram(struct.pack("!BBHI", 0x30, 255, len(packet), 7) + packet, 2152, 2152),
                    datagram(struct.pack("!BBHI", 0x30, 255, len(frame), 7) + frame, 2152, 2152),
                ]
            )
        )
    tags = draw(st.integers(0, 3))
    number = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    for _ in range(tags):
        packet = struct.pack("!HH", 5, number) + packet
        number = 0x8100
    link = draw(st.sampled_from(["plain", "plain", "pppoe", "llc"]))
    if link == "pppoe" and not tags:
        ppp = struct.pack("!H", 0x21 if number == 0x0800 else 0x57) + packet
        return ethernet(struct.pack("!HHH", 0x1100, 1, len(ppp)) + ppp, 0x8864)
    if link == "llc":
        snap = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", number) + packet
        return ethernet(snap, len(snap)) if len(snap) <= 1500 else ethernet(packet, number)
    return ethernet(packet, number)
