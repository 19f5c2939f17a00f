import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, copied, pcap, resolved, write
from scapy.contrib.erspan import ERSPAN_II
from scapy.layers.l2 import GRE
from tunnels import mirrored, vxlan


def make(folder: Path) -> None:
    frames = []
    for frame in resolved(WORKSTATION, RESOLVER, at(0)):
        frames += [frame, *mirrored([copied(frame, 0.005)], _erspan)]
    for frame in resolved(NEIGHBOUR, RESOLVER, at(10)):
        frames += [*mirrored([frame], vxlan), copied(frame)]
    write(folder, "case.pcap", pcap(frames))


def _erspan(frame: bytes) -> Any:
    """GRE with a sequence number, and ERSPAN type II of session 100."""
    return GRE(proto=0x88BE, seqnum_present=1) / ERSPAN_II(session_id=100) / frame


if __name__ == "__main__":
    make(Path(__file__).parent)
