import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    QUERY,
    RESOLVER,
    RESPONSE,
    UPSTREAM,
    WATCHED,
    WORKSTATION,
    Exchange,
    Frame,
    a,
    at,
    octets,
    pcap,
    question,
    record,
    udp,
    wire,
    write,
)
from pieces import payload
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from tunnels import FAR, NEAR

VALID = 0x0800  # as an id, the VXLAN flag of a valid network
DECOY = UDP(sport=9, dport=9) / b"nothing here"


def make(folder: Path) -> None:
    packet = bytes(IP(src="192.0.2.9", dst="192.0.2.8", id=1) / DECOY)
    write(folder, "like-a-packet.pcap", pcap(answered(bytes.fromhex("0800") + packet)))
    write(folder, "like-arp.pcap", pcap(answered(bytes.fromhex("0806") + bytes(28))))

    ask = Exchange(WORKSTATION, RESOLVER, port=3544, id=0x0001)
    query = payload(ask.query(at(0), ad=1))[8:]
    skipped = 4 + 0x01 + 0x20 + 9  # the flags' octets are lengths; a nonce and one octet more
    behind = bytes(skipped - len(query)) + bytes(IPv6(src=FAR.ip6, dst=NEAR.ip6) / DECOY)
    frames = [
        udp(WORKSTATION, 3544, RESOLVER, 53, query + behind, at(0)),
        ask.response(at("0.02"), [a(WATCHED, BOT_SERVER)]),
    ]
    write(folder, "from-3544.pcap", pcap(frames))


def answered(tail: bytes) -> list[Frame]:
    """A lookup on port 4789; `tail` stands in its name where a frame has its Ethernet type."""
    label = (bytes(7) + tail).ljust(63, b"x")
    name = wire(label, b"example")
    answer = record(b"\xc0\x0c", 5, wire(b"api", b"telegram", b"org"))
    query, response = (
        struct.pack("!H", VALID) + octets(flags, [question(name)], answers)[2:]
        for flags, answers in ((QUERY, []), (RESPONSE, [answer]))
    )
    return [
        udp(WORKSTATION, 50000, UPSTREAM, 4789, query, at(0)),
        udp(UPSTREAM, 4789, WORKSTATION, 50000, response, at("0.02")),
    ]


if __name__ == "__main__":
    make(Path(__file__).parent)
