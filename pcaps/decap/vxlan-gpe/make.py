import struct
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from scapy.layers.vxlan import VXLAN
from tunnels import carried


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "ipv4.pcap", pcap(carried(frames, packet_within)))
    write(folder, "ethernet.pcap", pcap(carried(frames, frame_within)))
    write(folder, "nsh.pcap", pcap(carried(frames, service_header_within)))


def gpe(protocol: int) -> Any:
    head = VXLAN(flags="Instance+NextProtocol", NextProtocol=protocol, vni=42)
    return UDP(sport=51515, dport=4790) / head


def packet_within(frame: bytes) -> Any:
    return gpe(1) / frame[14:]


def frame_within(frame: bytes) -> Any:
    return gpe(3) / frame


def service_header_within(frame: bytes) -> Any:
    """Time to live 63, six words, metadata of type 1 (four words), Ethernet; path 7, index 255."""
    return gpe(4) / (struct.pack("!HBBI16x", 63 << 6 | 6, 1, 3, 7 << 8 | 255) + frame)


if __name__ == "__main__":
    make(Path(__file__).parent)
