import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import MPLS, labels, retyped


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(
        folder,
        "case.pcap",
        pcap([retyped(frame, MPLS, labels(16001, 24) + frame.data[14:]) for frame in frames]),
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
