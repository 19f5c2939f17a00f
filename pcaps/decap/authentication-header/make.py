import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from tunnels import carried, packet_of

AH = 51  # an IP protocol


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    six = resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0))
    write(folder, "transport.pcap", pcap([authenticated(frame) for frame in frames]))
    write(folder, "transport-ipv6.pcap", pcap([authenticated(frame) for frame in six]))
    write(folder, "tunnel.pcap", pcap([authenticated(f) for f in carried(frames, packet_of)]))


def authenticated(frame: Frame) -> Frame:
    """Put the header between IP and what it carries: 24 octets, of which twelve are the check."""
    was = packet_of(frame.data)
    if was.version == 6:
        number, body = was.nh, frame.data[54:]
        head = IPv6(src=was.src, dst=was.dst, hlim=was.hlim, nh=AH)
    else:
        number, body = was.proto, frame.data[34:]
        head = IP(src=was.src, dst=was.dst, id=was.id, ttl=was.ttl, proto=AH)
    header = struct.pack("!BBHII12x", number, 4, 0, 256, 1)
    return replace(frame, data=frame.data[:14] + bytes(head / (header + body)))


if __name__ == "__main__":
    make(Path(__file__).parent)
