import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.l2 import GRE
from tunnels import FAR, NEAR, carried


def make(folder: Path) -> None:
    frames = carried(resolved(WORKSTATION, RESOLVER, at(0)), gre, (NEAR.over_ip6, FAR.over_ip6))
    write(folder, "case.pcap", pcap(frames))


def gre(frame: bytes) -> Any:
    return GRE(proto=0x0800) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
