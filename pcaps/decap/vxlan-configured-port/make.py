import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from scapy.layers.vxlan import VXLAN
from tunnels import carried


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(carried(resolved(WORKSTATION, RESOLVER, at(0)), vxlan)))


def vxlan(frame: bytes) -> Any:
    return UDP(sport=51515, dport=14789) / VXLAN(vni=42) / frame


if __name__ == "__main__":
    make(Path(__file__).parent)
