"""The octets of the generated packets: DNS messages, and the headers around them.

A `Template` is a frame with holes: fields that differ from packet to packet, such as the client's
address, are zero in it and filled in when it is written (see `bench.captures`). Its checksums are
sums over the rest, to which what fills the holes is added.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

NONE: Final = -1

UDP: Final = 17
TCP: Final = 6

IN: Final = 1
TYPES: Final = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "HTTPS": 65}
OPT: Final = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)  # RFC 6891 §6.1.2; the flag day's size
POINTER: Final = 0xC000  # RFC 1035 §4.1.4
QUESTION_AT: Final = 12  # a message's first question stands behind its header

MAC_CLIENT: Final = bytes.fromhex("00005e005301")
MAC_ROUTER: Final = bytes.fromhex("00005e005302")
# The last two octets of a client's address are a hole.
CLIENT4: Final = bytes([10, 20, 0, 0])
CLIENT6: Final = bytes.fromhex("fd0000000000000100000000") + bytes(4)


class Template(NamedTuple):
    """A frame with holes, by their offsets; `NONE` where it has no such field.

    `tail` octets of random payload follow the frame's own. `word` is what else differs between
    packets: a DNS message's id, the low half of a sequence number. `header_sum` and `body_sum` are
    the sums of all that the IPv4 and the UDP or TCP checksum cover, but for the holes.
    """

    octets: bytes
    tail: int = 0
    client: int = NONE
    port: int = NONE
    word: int = NONE
    identification: int = NONE
    header_check: int = NONE
    body_check: int = NONE
    header_sum: int = 0
    body_sum: int = 0
    zero: int = 0  # what is written where the checksum is zero


def under(prefix: bytes, template: Template) -> Template:
    """Put headers in front of a template."""
    shift = len(prefix)
    holes = ("client", "port", "word", "identification", "header_check", "body_check")
    moved = {name: at + shift for name in holes if (at := int(getattr(template, name))) != NONE}
    return template._replace(octets=prefix + template.octets, **moved)


def total(octets: bytes) -> int:
    """Add up the 16-bit words that a checksum is made of (RFC 1071 §1)."""
    padded = octets + bytes(len(octets) & 1)
    return sum(struct.unpack(f"!{len(padded) // 2}H", padded))


def checksum(summed: int) -> int:
    while summed > 0xFFFF:
        summed = (summed & 0xFFFF) + (summed >> 16)
    return ~summed & 0xFFFF


def name(text: str) -> bytes:
    """Spell a name in labels (RFC 1035 §3.1)."""
    labels = text.split(".") if text else []
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def record(owner: bytes, rtype: str, ttl: int, rdata: bytes) -> bytes:
    return owner + struct.pack("!HHIH", TYPES[rtype], IN, ttl, len(rdata)) + rdata


def pointer(offset: int) -> bytes:
    return struct.pack("!H", POINTER | offset)


def query(qname: str, qtype: str, *, edns: bool) -> bytes:
    """Ask with recursion desired; the id is a hole."""
    header = struct.pack("!6H", 0, 0x0100, 1, 0, 0, int(edns))
    return header + name(qname) + struct.pack("!HH", TYPES[qtype], IN) + OPT * edns


def response(
    qname: str, qtype: str, chain: Sequence[str], answers: Sequence[bytes], *, edns: bool
) -> bytes:
    """Answer: a CNAME to each name of the chain, then records of the type asked for.

    Owner names are pointers, as servers write them. Without any answer the name does not exist,
    and the root's SOA says so.
    """
    question = name(qname) + struct.pack("!HH", TYPES[qtype], IN)
    octets, owner = bytearray(), QUESTION_AT
    for target in chain:
        begin = QUESTION_AT + len(question) + len(octets)
        octets += record(pointer(owner), "CNAME", 300, name(target))
        owner = begin + 12  # pointer, type, class, TTL and length stand before the target
    for rdata in answers:
        octets += record(pointer(owner), qtype, 60, rdata)
    count = len(chain) + len(answers)
    rcode, authorities = (0, b"") if count else (3, NO_SUCH_NAME)
    header = struct.pack("!6H", 0, 0x8180 | rcode, 1, count, int(bool(authorities)), int(edns))
    return header + question + bytes(octets) + authorities + OPT * edns


NO_SUCH_NAME: Final = record(
    b"\0",
    "SOA",
    86400,
    name("a.root-servers.net")
    + name("nstld.verisign-grs.com")
    + struct.pack("!5I", 2026112400, 1800, 900, 604800, 86400),
)


def ipv4(protocol: int, length: int, sides: tuple[bytes, bytes], place: int = 0) -> bytes:
    """An IPv4 header with the checksum of it as it stands (RFC 791 §3.1)."""
    fields = (0x45, 0, 20 + length, 0, place, 64, protocol, 0)
    header = struct.pack("!BBHHHBBH", *fields) + sides[0] + sides[1]
    return header[:10] + struct.pack("!H", checksum(total(header))) + header[12:]


def packet(  # noqa: PLR0913  (a header's fields)
    protocol: int,
    server: bytes,
    port: int,
    payload: bytes,
    *,
    sent: bool,
    tail: int = 0,
    word: int = NONE,
    control: int = 0x18,
    place: tuple[int, int] = (1, 1),
) -> Template:
    """A UDP or TCP packet over the IP version of the server's address, with its holes.

    Args:
        sent: From the client to the server.
        tail: Octets of random payload that follow.
        word: Where in the payload that hole is.
        control: TCP's control bits (RFC 9293 §3.1).
        place: TCP's sequence and acknowledgment numbers.
    """
    ports = (0, port) if sent else (port, 0)
    body = len(payload) + tail
    if protocol == UDP:
        header = struct.pack("!HHHH", *ports, 8 + body, 0)
    else:
        header = struct.pack("!HHIIHHHH", *ports, *place, 5 << 12 | control, 8192, 0, 0)
    length = len(header) + body
    four = len(server) == 4
    client = CLIENT4 if four else CLIENT6
    sides = (client, server) if sent else (server, client)
    network = _network(protocol, length, sides, four=four)
    begin = len(network)
    own = sides[0] + sides[1] + struct.pack("!IHBB", length, 0, 0, protocol)  # RFC 8200 §8.1
    return Template(
        octets=network + header + payload,
        tail=tail,
        client=begin - len(server) * (2 if sent else 1) + len(server) - 2,
        port=begin if sent else begin + 2,
        word=NONE if word == NONE else begin + len(header) + word,
        identification=4 if four else NONE,
        header_check=10 if four else NONE,
        body_check=begin + (6 if protocol == UDP else 16),
        header_sum=total(network) if four else 0,
        body_sum=total(own) + total(header + payload),
        zero=0xFFFF if protocol == UDP else 0,  # RFC 768: zero says that there is none
    )


def _network(protocol: int, length: int, sides: tuple[bytes, bytes], *, four: bool) -> bytes:
    """An IP header; IPv4's without the checksum, which the holes change."""
    if four:
        header = ipv4(protocol, length, sides)
        return header[:10] + bytes(2) + header[12:]
    return struct.pack("!IHBB", 0x6 << 28, length, protocol, 64) + sides[0] + sides[1]


def fragments(whole: Template, cut: int) -> tuple[Template, Template]:
    """Cut an IPv4 packet without a tail in two, `cut` octets (of eight) behind its header."""
    network, body = whole.octets[:20], whole.octets[20:]

    def piece(part: bytes, place: int, of: Template) -> Template:
        header = network[:2] + struct.pack("!H", 20 + len(part)) + network[4:6]
        header += struct.pack("!H", place) + network[8:]
        return of._replace(octets=header + part, header_sum=total(header))

    second = whole._replace(port=NONE, word=NONE, body_check=NONE, body_sum=0)
    return piece(body[:cut], 0x2000, whole), piece(body[cut:], cut // 8, second)


def ethernet(template: Template, *, sent: bool = True, vlans: Sequence[int] = ()) -> Template:
    """Put Ethernet in front of an IP packet, with any 802.1Q tags."""
    macs = MAC_ROUTER + MAC_CLIENT if sent else MAC_CLIENT + MAC_ROUTER
    tags = b"".join(struct.pack("!HH", 0x8100, vlan) for vlan in vlans)
    version = template.octets[0] >> 4
    return under(macs + tags + (b"\x08\x00" if version == 4 else b"\x86\xdd"), template)


def tunnelled(template: Template, header: bytes, protocol: int) -> Template:
    """Put an outer IPv4 packet between two switches around what follows, and Ethernet."""
    length = len(header) + len(template.octets) + template.tail
    outer = ipv4(protocol, length, (bytes([192, 0, 2, 11]), bytes([192, 0, 2, 12])))
    return under(MAC_ROUTER + MAC_CLIENT + b"\x08\x00" + outer + header, template)


def gre(template: Template) -> Template:
    """IPv4 or IPv6 in GRE (RFC 2784 §2)."""
    version = template.octets[0] >> 4
    return tunnelled(template, struct.pack("!HH", 0, 0x0800 if version == 4 else 0x86DD), 47)


def vxlan(template: Template, port: int) -> Template:
    """Ethernet in VXLAN (RFC 7348 §5); UDP without checksum, as it recommends."""
    frame = ethernet(template)
    length = 16 + len(frame.octets) + frame.tail
    header = struct.pack("!HHHHII", port, 4789, length, 0, 0x08 << 24, 7777 << 8)
    return tunnelled(frame, header, UDP)
