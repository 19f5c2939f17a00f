import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from pieces import cut
from scapy.layers.inet import IP


def make(folder: Path) -> None:
    earlier, _ = resolved(WORKSTATION, RESOLVER, at(0), qname="www.example.com")
    query, response = resolved(WORKSTATION, RESOLVER, at(5))
    first, second = cut(identified(earlier), 24), cut(identified(query), 24)
    write(folder, "whole.pcap", pcap([*first, *second, response]))
    write(folder, "half-lost.pcap", pcap([first[0], *second, response]))


def identified(frame: Frame) -> Frame:
    """Give an IPv4 packet the identification 7."""
    header = IP(frame.data[14:34])
    header.id, header.chksum = 7, None
    return replace(frame, data=frame.data[:14] + bytes(header) + frame.data[34:])


if __name__ == "__main__":
    make(Path(__file__).parent)
