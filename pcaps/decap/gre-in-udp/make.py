import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from scapy.layers.l2 import GRE
from tunnels import carried


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(carried(resolved(WORKSTATION, RESOLVER, at(0)), gre)))


def gre(frame: bytes) -> Any:
    return UDP(sport=51515, dport=4754) / GRE(proto=0x0800) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
