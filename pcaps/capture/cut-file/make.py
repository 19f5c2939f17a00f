import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, pcapng, resolved, write


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(10))
    write(folder, "case.pcap", pcap(frames)[:-7])
    write(folder, "case.pcapng", pcapng(frames)[:-7])


if __name__ == "__main__":
    make(Path(__file__).parent)
