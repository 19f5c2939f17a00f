import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, UPSTREAM, WORKSTATION, Exchange, Frame, at, packet, pcap, write
from scapy.layers.inet import ICMP
from scapy.packet import Raw
from tunnels import FAR, NEAR, carried, vxlan


def make(folder: Path) -> None:
    query = Exchange(WORKSTATION, UPSTREAM).query(at(0))
    tunnelled = carried([query], vxlan)[0]
    inside = packet(RESOLVER, WORKSTATION, quoting(query), at(0.02))
    outside = packet(FAR, NEAR, quoting(tunnelled), at(0.04))
    write(folder, "case.pcap", pcap([*carried([inside], vxlan), outside]))


def quoting(frame: Frame) -> Any:
    return ICMP(type=3, code=3) / Raw(frame.data[14:])


if __name__ == "__main__":
    make(Path(__file__).parent)
