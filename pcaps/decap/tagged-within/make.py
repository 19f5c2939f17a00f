import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.l2 import GRE
from tunnels import MPLS, TAG, L2TPv3, carried, labels, tagged, vxlan

LAYERS: dict[str, Callable[[bytes], Any]] = {
    "vxlan.pcap": vxlan,
    "erspan.pcap": lambda frame: GRE(proto=0x88BE) / frame,
    "l2tp.pcap": lambda frame: L2TPv3(session=1001) / frame,
    "pseudowire.pcap": lambda frame: GRE(proto=MPLS) / (labels(24) + frame),
}


def make(folder: Path) -> None:
    frames = [tagged(frame, (TAG, 10)) for frame in resolved(WORKSTATION, RESOLVER, at(0))]
    for name, layers in LAYERS.items():
        outer = [tagged(frame, (TAG, 300)) for frame in carried(frames, layers)]
        write(folder, name, pcap(outer))


if __name__ == "__main__":
    make(Path(__file__).parent)
