import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, copied, pcap, resolved, write


def make(folder: Path) -> None:
    frames = []
    for frame in resolved(WORKSTATION, RESOLVER, at(0)):
        frames += [copied(frame, 0, vlan=10), copied(frame, vlan=20)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
