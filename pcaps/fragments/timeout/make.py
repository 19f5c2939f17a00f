import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, ping, write
from pieces import cut


def make(folder: Path) -> None:
    first, second = cut(Exchange(WORKSTATION, RESOLVER).query(at(0)), 24)
    frames = [first, replace(second, at=at(31)), ping(WORKSTATION, RESOLVER, at(70))]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
