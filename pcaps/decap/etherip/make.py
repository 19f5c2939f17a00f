import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.etherip import EtherIP
from tunnels import carried


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(carried(resolved(WORKSTATION, RESOLVER, at(0)), etherip)))


def etherip(frame: bytes) -> Any:
    return EtherIP() / frame


if __name__ == "__main__":
    make(Path(__file__).parent)
