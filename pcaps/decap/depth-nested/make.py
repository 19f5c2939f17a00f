import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.gtp import GTP_U_Header
from scapy.layers.inet import UDP
from scapy.layers.l2 import GRE
from tunnels import carried, vxlan


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    for layers in (vxlan, gre, gtp):
        frames = carried(frames, layers)
    write(folder, "case.pcap", pcap(frames))


def gre(frame: bytes) -> Any:
    return GRE(proto=0x0800) / frame[14:]


def gtp(frame: bytes) -> Any:
    return UDP(sport=2152, dport=2152) / GTP_U_Header(gtp_type=255, teid=4097) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
