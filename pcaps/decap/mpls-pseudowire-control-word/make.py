import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from tunnels import MPLS, labels

WORD = bytes.fromhex("00000007")  # sequence number 7


def make(folder: Path) -> None:
    for name, first in (
        ("ordinary.pcap", "00"),
        ("like-ipv4.pcap", "46"),
        ("like-ipv6.pcap", "66"),
    ):
        client, server = (
            replace(host, mac=first + host.mac[2:]) for host in (WORKSTATION, RESOLVER)
        )
        frames = resolved(client, server, at(0))
        write(folder, name, pcap(carried_in_mpls(frames)))


def carried_in_mpls(frames: list[Frame]) -> list[Frame]:
    """Whole frames behind two labels; the outer addresses are those of two label switches."""
    hops = bytes.fromhex("00005e00531200005e005311")
    return [
        Frame(f.at, hops + struct.pack("!H", MPLS) + labels(16001, 24) + WORD + f.data)
        for f in frames
    ]


if __name__ == "__main__":
    make(Path(__file__).parent)
