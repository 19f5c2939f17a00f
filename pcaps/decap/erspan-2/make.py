import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.erspan import ERSPAN_II
from scapy.layers.l2 import GRE
from tunnels import mirrored


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(mirrored(resolved(WORKSTATION, RESOLVER, at(0)), erspan)))


def erspan(frame: bytes) -> Any:
    return (
        GRE(proto=0x88BE, seqnum_present=1, sequence_number=1)
        / ERSPAN_II(session_id=100, vlan=10, index=3)
        / frame
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
