import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.inet import UDP
from tunnels import carried


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "ethernet.pcap", pcap(carried(frames, frame_within)))
    write(folder, "ipv4.pcap", pcap(carried(frames, packet_within)))


def geneve(ethertype: int) -> Any:
    ports = GeneveOptions(classid=0x0102, type=0x80, data=bytes.fromhex("00010002"))
    return UDP(sport=51515, dport=6081) / GENEVE(proto=ethertype, vni=42, options=[ports])


def frame_within(frame: bytes) -> Any:
    return geneve(0x6558) / frame


def packet_within(frame: bytes) -> Any:
    return geneve(0x0800) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
