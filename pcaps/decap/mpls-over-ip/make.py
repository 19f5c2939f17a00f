import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib import mpls
from scapy.layers.inet import UDP
from scapy.layers.l2 import GRE
from tunnels import MPLS, carried, labels

LAYERS: dict[str, Callable[[bytes], Any]] = {
    "ip.pcap": lambda frame: mpls.MPLS(label=24, ttl=62) / frame[14:],
    "gre.pcap": lambda frame: GRE(proto=MPLS) / (labels(24) + frame[14:]),
    "udp.pcap": lambda frame: UDP(sport=51515, dport=6635) / (labels(24) + frame[14:]),
}


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    for name, layers in LAYERS.items():
        write(folder, name, pcap(carried(frames, layers)))


if __name__ == "__main__":
    make(Path(__file__).parent)
