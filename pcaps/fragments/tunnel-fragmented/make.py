import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from pieces import cut
from scapy.layers.l2 import GRE
from tunnels import carried, vxlan


def make(folder: Path) -> None:
    for name, layers in (("vxlan.pcap", vxlan), ("gre.pcap", gre)):
        query, response = carried(resolved(WORKSTATION, RESOLVER, at(0)), layers)
        write(folder, name, pcap([*cut(query, 48), *cut(response, 48)]))


def gre(frame: bytes) -> Any:
    return GRE(proto=0x0800) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
