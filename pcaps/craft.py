"""What every make.py builds its captures of: machines, DNS packets, pcap and pcapng files.

scapy writes the packets; everything it would draw at random or look up on this machine is given,
so the same make.py writes the same octets everywhere. Times are nanoseconds since 1970; `at` says
them in seconds from the start of the case's story.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRHTTPS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether

START = 1_773_480_413_000_000_000  # 2026-03-14T09:26:53Z
WATCHED = "api.telegram.org"
BOT_SERVER = "149.154.167.220"
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
ETHERNET = 1  # a link type


def at(seconds: float | str) -> int:
    """The time so many seconds after the start of the story, to the nanosecond."""
    return START + int(Decimal(str(seconds)) * 1_000_000_000)


@dataclass(frozen=True)
class Host:
    """A machine: `computer` as Sysmon would name it, "" where none runs."""

    computer: str
    ip: str
    mac: str
    ip6: str = ""

    @property
    def over_ip6(self) -> "Host":
        """The same machine, speaking IPv6."""
        return replace(self, ip=self.ip6)


WORKSTATION = Host(
    "FIN-WS-0231.corp.example", "10.20.30.41", "00:00:5e:00:53:29", "2001:db8:20:30::41"
)
NEIGHBOUR = Host(
    "FIN-WS-0232.corp.example", "10.20.30.42", "00:00:5e:00:53:2a", "2001:db8:20:30::42"
)
RESOLVER = Host("", "10.20.0.53", "00:00:5e:00:53:35", "2001:db8:20::53")
SECOND_RESOLVER = Host("", "10.20.0.54", "00:00:5e:00:53:36", "2001:db8:20::54")
CONTROLLER = Host("DC01.corp.example", "10.20.0.10", "00:00:5e:00:53:0a", "2001:db8:20::10")
UPSTREAM = Host("", "198.51.100.53", "00:00:5e:00:53:01", "2001:db8:ffff::53")
SERVER = Host("", BOT_SERVER, "00:00:5e:00:53:01")


@dataclass(frozen=True)
class Frame:
    """A captured frame; `interface` counts within a pcapng, `length` is that on the wire."""

    at: int
    data: bytes
    interface: int = 0
    length: int | None = None


# Packets.


def packet(source: Host, target: Host, layers: Any, when: int, vlan: int | None = None) -> Frame:
    """Put Ethernet and IP under transport layers of scapy."""
    octets = bytes(layers)
    link = Ether(src=source.mac, dst=target.mac)
    if vlan is not None:
        link = link / Dot1Q(vlan=vlan)
    if ":" in source.ip:
        network = IPv6(src=source.ip, dst=target.ip, hlim=64)
    else:
        identification = zlib.crc32(octets + when.to_bytes(8, "big")) & 0xFFFF
        network = IP(src=source.ip, dst=target.ip, id=identification, ttl=128)
    return Frame(when, bytes(link / network / layers))


def udp(source: Host, sport: int, target: Host, dport: int, payload: bytes, when: int) -> Frame:
    """A UDP packet with any payload."""
    return packet(source, target, UDP(sport=sport, dport=dport) / payload, when)


def tcp(
    source: Host, sport: int, target: Host, dport: int, when: int, flags: str = "S", seq: int = 1000
) -> Frame:
    """A TCP segment without payload: by default what opens a connection."""
    return packet(source, target, TCP(sport=sport, dport=dport, flags=flags, seq=seq), when)


def ping(source: Host, target: Host, when: int) -> Frame:
    """An ICMP echo request: a frame that only moves the time."""
    return packet(source, target, ICMP(type=8, id=1, seq=1), when)


# Records and messages.


def a(name: str, address: str, ttl: int = 27) -> DNSRR:
    return DNSRR(rrname=name, type="A", rdata=address, ttl=ttl)


def aaaa(name: str, address: str, ttl: int = 27) -> DNSRR:
    return DNSRR(rrname=name, type="AAAA", rdata=address, ttl=ttl)


def cname(name: str, target: str, ttl: int = 27) -> DNSRR:
    return DNSRR(rrname=name, type="CNAME", rdata=target, ttl=ttl)


def dname(name: str, target: str, ttl: int = 27) -> DNSRR:
    return DNSRR(rrname=name, type="DNAME", rdata=target, ttl=ttl)


def txt(name: str, text: str, ttl: int = 27) -> DNSRR:
    return DNSRR(rrname=name, type="TXT", rdata=[text], ttl=ttl)


def https(name: str, target: str, priority: int = 1, ttl: int = 27) -> DNSRRHTTPS:
    """An HTTPS record without parameters; priority 0 is alias mode (RFC 9460 §2.4.2)."""
    return DNSRRHTTPS(rrname=name, ttl=ttl, svc_priority=priority, target_name=target)


def message(qname: str, qtype: str, *, identification: int, **fields: Any) -> bytes:
    """A DNS message with one question; `fields` are scapy's (qr, rcode, an, ns, ar, …)."""
    given = {"rd": 1, "qr": 0, "qd": [DNSQR(qname=qname, qtype=qtype)], **fields}
    return bytes(DNS(id=identification, **given).compress())


def query_of(qname: str = WATCHED, identification: int = 7) -> bytes:
    """The octets of an A query."""
    return message(qname, "A", identification=identification)


def response_of(qname: str = WATCHED, identification: int = 7) -> bytes:
    """The octets of its response."""
    answers = [a(qname, BOT_SERVER)]
    return message(qname, "A", identification=identification, qr=1, ra=1, an=answers)


# Octets that no encoder would write.

QUERY, RESPONSE = 0x0100, 0x8180  # a header's flags: RD, and QR with RD and RA


def wire(*labels: bytes) -> bytes:
    """A name's labels as they are, uncompressed, with the root."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name: bytes, qtype: int = 1, qclass: int = 1) -> bytes:
    """A question, of class IN unless told otherwise."""
    return name + struct.pack("!HH", qtype, qclass)


def record(owner: bytes, rtype: int, rdata: bytes, ttl: int = 27, rclass: int = 1) -> bytes:
    """A record, of class IN unless told otherwise."""
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def octets(
    flags: int,
    questions: Sequence[bytes],
    answers: Sequence[bytes] = (),
    authorities: Sequence[bytes] = (),
    additionals: Sequence[bytes] = (),
) -> bytes:
    """A DNS message of given parts, whatever they hold; its id is 7."""
    sections = (questions, answers, authorities, additionals)
    counts = [len(section) for section in sections]
    return struct.pack("!6H", 7, flags, *counts) + b"".join(b"".join(each) for each in sections)


def exchanged(query: bytes, response: bytes, when: int) -> list[Frame]:
    """The workstation sends such a query to its resolver, and gets such a response."""
    return [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, when),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, when + 20_000_000),
    ]


@dataclass(frozen=True)
class Exchange:
    """One query and its response: what both have in common.

    `id` and `port` follow from the question and `turn` unless given: another `turn` is another
    query of the same question.
    """

    client: Host
    server: Host
    qname: str = WATCHED
    qtype: str = "A"
    turn: int = 0
    id: int = -1
    port: int = -1
    server_port: int = 53

    def _drawn(self, what: str) -> int:
        of = (what, self.client.ip, self.server.ip, self.qname, self.qtype, self.turn)
        return zlib.crc32(repr(of).encode())

    @property
    def message_id(self) -> int:
        return self.id if self.id >= 0 else self._drawn("id") & 0xFFFF

    @property
    def client_port(self) -> int:
        return self.port if self.port >= 0 else 49152 + self._drawn("port") % 16384

    def query(self, when: int, **fields: Any) -> Frame:
        """The query; `fields` as in `message`."""
        payload = message(self.qname, self.qtype, identification=self.message_id, **fields)
        return udp(self.client, self.client_port, self.server, self.server_port, payload, when)

    def response(
        self, when: int, answers: Sequence[Any] = (), rcode: int = NOERROR, **fields: Any
    ) -> Frame:
        """The response; `fields` as in `message`."""
        given = {"qr": 1, "ra": 1, "rcode": rcode, "an": list(answers), **fields}
        payload = message(self.qname, self.qtype, identification=self.message_id, **given)
        return udp(self.server, self.server_port, self.client, self.client_port, payload, when)

    def both(
        self, when: int, answers: Sequence[Any] = (), rcode: int = NOERROR, *, after: float = 0.02
    ) -> list[Frame]:
        """The query, and the response `after` so many seconds."""
        later = when + at(after) - START
        return [self.query(when), self.response(later, answers, rcode)]


def resolved(
    client: Host, server: Host, when: int, *, turn: int = 0, qname: str = WATCHED
) -> list[Frame]:
    """The common story: the watched name asked as A, answered 20 ms later."""
    return Exchange(client, server, qname, turn=turn).both(when, [a(qname, BOT_SERVER)])


def chatter(client: Host, server: Host, when: int) -> list[Frame]:
    """Half a second of lookups that nobody watches."""
    names = (
        ("login.microsoftonline.com", "192.0.2.10"),
        ("settings-win.data.microsoft.com", "192.0.2.20"),
        ("www.example.com", "192.0.2.30"),
    )
    frames = []
    for number, (name, address) in enumerate(names):
        ask = Exchange(client, server, name)
        frames += ask.both(when + number * 150_000_000, [a(name, address, 300)])
    return frames


# TCP connections.


def prefixed(*messages: bytes) -> bytes:
    """DNS messages as TCP carries them, each behind its length (RFC 1035 §4.2.2)."""
    return b"".join(struct.pack("!H", len(each)) + each for each in messages)


def parts(data: bytes, size: int) -> list[tuple[int, bytes]]:
    """Where each part of that size begins, and its octets."""
    return [(start, data[start : start + size]) for start in range(0, len(data), size)]


@dataclass(frozen=True)
class Connection:
    """A TCP connection to a DNS server; SYN has the sequence numbers `isn` and `server_isn`.

    A segment is told by where its data begins in all that its side sends: SYN stands at -1.
    """

    client: Host
    server: Host
    port: int = 50000
    server_port: int = 53
    isn: int = 1000
    server_isn: int = 9000

    def to_server(self, when: int, data: bytes = b"", start: int = 0, flags: str = "PA") -> Frame:
        """A segment of the client's."""
        numbers = {"seq": (self.isn + 1 + start) % 2**32, "ack": (self.server_isn + 1) % 2**32}
        layers = TCP(sport=self.port, dport=self.server_port, flags=flags, **numbers) / data
        return packet(self.client, self.server, layers, when)

    def to_client(self, when: int, data: bytes = b"", start: int = 0, flags: str = "PA") -> Frame:
        """A segment of the server's."""
        numbers = {"seq": (self.server_isn + 1 + start) % 2**32, "ack": (self.isn + 1) % 2**32}
        layers = TCP(sport=self.server_port, dport=self.port, flags=flags, **numbers) / data
        return packet(self.server, self.client, layers, when)

    def opened(self, when: int) -> list[Frame]:
        """SYN, SYN-ACK and ACK, a millisecond apart."""
        return [
            self.to_server(when, start=-1, flags="S"),
            self.to_client(when + 1_000_000, start=-1, flags="SA"),
            self.to_server(when + 2_000_000, flags="A"),
        ]

    def closed(self, when: int, sent: int, answered: int) -> list[Frame]:
        """FIN of either side after so many octets of each, and the last ACK."""
        return [
            self.to_server(when, start=sent, flags="FA"),
            self.to_client(when + 1_000_000, start=answered, flags="FA"),
            self.to_server(when + 2_000_000, start=sent + 1, flags="A"),
        ]

    def both(self, when: int, query: bytes, response: bytes) -> list[Frame]:
        """The whole connection: opened, one message each way, closed."""
        asked, answered = prefixed(query), prefixed(response)
        return [
            *self.opened(when),
            self.to_server(when + 3_000_000, asked),
            self.to_client(when + 20_000_000, answered),
            *self.closed(when + 30_000_000, len(asked), len(answered)),
        ]


# Mirrors.


def copied(
    frame: Frame, after: float = 0.00004, *, interface: int = 0, vlan: int | None = None
) -> Frame:
    """The frame as a second tap sees it a moment later, on another interface or in a VLAN."""
    data = frame.data
    if vlan is not None:
        data = data[:12] + struct.pack("!HH", 0x8100, vlan) + data[12:]
    return Frame(frame.at + at(after) - START, data, interface)


def hopped(frame: Frame) -> Frame:
    """The frame behind a router: the TTL one less, which the IPv4 checksum follows."""
    octets = bytearray(frame.data)
    if octets[12:14] == b"\x86\xdd":
        octets[21] -= 1
    else:
        octets[22] -= 1
        checksum = int.from_bytes(octets[24:26], "big") + 0x0100
        octets[24:26] = ((checksum & 0xFFFF) + (checksum >> 16)).to_bytes(2, "big")
    return replace(frame, data=bytes(octets))


# Files.


def by_time(frames: Sequence[Frame]) -> list[Frame]:
    """Sort frames as a capture would show them."""
    return sorted(frames, key=lambda frame: frame.at)


def pcap(
    frames: Sequence[Frame],
    *,
    link: int = ETHERNET,
    nanos: bool = True,
    big_endian: bool = False,
    snaplen: int = 262_144,
) -> bytes:
    """Write a pcap file (draft-ietf-opsawg-pcap), frames in the order given."""
    order = ">" if big_endian else "<"
    magic, unit = (0xA1B23C4D, 1) if nanos else (0xA1B2C3D4, 1000)
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for frame in frames:
        seconds, rest = divmod(frame.at, 1_000_000_000)
        data = frame.data[:snaplen]
        length = frame.length or len(frame.data)
        parts.append(struct.pack(order + "IIII", seconds, rest // unit, len(data), length) + data)
    return b"".join(parts)


@dataclass(frozen=True)
class Interface:
    """A pcapng interface; `resolution` is if_tsresol: 6 µs (then left out, the default), 9 ns."""

    name: str = "span0"
    link: int = ETHERNET
    snaplen: int = 262_144
    resolution: int = 9


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """One pcapng block: its length stands before and after the body, which fills up to 32 bits."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def _option(code: int, value: bytes, order: str) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(
    frames: Sequence[Frame],
    interfaces: Sequence[Interface] = (Interface(),),
    *,
    big_endian: bool = False,
) -> bytes:
    """Write a pcapng file (draft-ietf-opsawg-pcapng): one section, enhanced packet blocks."""
    order = ">" if big_endian else "<"
    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)]
    for interface in interfaces:
        options = _option(2, interface.name.encode(), order)
        if interface.resolution != 6:
            options += _option(9, bytes([interface.resolution]), order)
        options += bytes(4)
        head = struct.pack(order + "HHI", interface.link, 0, interface.snaplen)
        parts.append(block(1, head + options, order))
    for frame in frames:
        interface = interfaces[frame.interface]
        stamp = frame.at // 10 ** (9 - interface.resolution)
        data = frame.data[: interface.snaplen]
        length = frame.length or len(frame.data)
        times = (stamp >> 32, stamp & 0xFFFFFFFF)
        head = struct.pack(order + "IIIII", frame.interface, *times, len(data), length)
        parts.append(block(6, head + data, order))
    return b"".join(parts)


def write(folder: Path, name: str, content: bytes | str) -> None:
    """Write one of the case's files; text has line feeds everywhere."""
    octets = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(octets)
