import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, by_time, pcap, resolved, write


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(0.001))
    frames += resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0.002))
    write(folder, "case.pcap", pcap(by_time(frames)))


if __name__ == "__main__":
    make(Path(__file__).parent)
