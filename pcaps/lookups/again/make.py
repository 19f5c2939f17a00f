import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, resolved, write


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    frames += resolved(WORKSTATION, RESOLVER, at(1), turn=1)
    frames += Exchange(WORKSTATION, RESOLVER, qtype="AAAA").both(at(1.5))
    frames += resolved(WORKSTATION, RESOLVER, at(60), turn=2)
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
