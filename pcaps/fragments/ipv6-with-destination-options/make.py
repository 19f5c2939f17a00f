import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from pieces import cut
from scapy.layers.inet6 import IPv6

OPTIONS = bytes.fromhex("11 00 01 04 00000000")  # UDP follows, padding
HOP_BY_HOP = bytes.fromhex("2c 00 05 02 0000 0100")  # a fragment follows, router alert


def make(folder: Path) -> None:
    frames: list[Frame] = []
    for frame in resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0)):
        parts = cut(inserted(frame, 60, OPTIONS), 8, 32)
        frames += [inserted(part, 0, HOP_BY_HOP) for part in parts]
    write(folder, "case.pcap", pcap(frames))


def inserted(frame: Frame, number: int, header: bytes) -> Frame:
    """Put an extension header of this number straight behind the IPv6 header."""
    ip = IPv6(frame.data[14:54])
    ip.nh, ip.plen = number, ip.plen + len(header)
    return replace(frame, data=frame.data[:14] + bytes(ip) + header + frame.data[54:])


if __name__ == "__main__":
    make(Path(__file__).parent)
