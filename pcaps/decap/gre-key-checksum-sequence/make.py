import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.l2 import GRE
from tunnels import carried


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(carried(resolved(WORKSTATION, RESOLVER, at(0)), gre)))


def gre(frame: bytes) -> Any:
    return (
        GRE(
            proto=0x0800,
            chksum_present=1,
            offset=0,
            key_present=1,
            key=7,
            seqnum_present=1,
            sequence_number=1,
        )
        / frame[14:]
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
