import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import MPLS, labels, retyped


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    for name, kind in (("downstream.pcap", MPLS), ("upstream.pcap", 0x8848)):
        labelled = [retyped(frame, kind, labels(16001) + frame.data[14:]) for frame in frames]
        write(folder, name, pcap(labelled))


if __name__ == "__main__":
    make(Path(__file__).parent)
