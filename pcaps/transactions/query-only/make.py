import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, ping, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    write(folder, "case.pcap", pcap([ask.query(at(0)), ping(WORKSTATION, RESOLVER, at(60))]))


if __name__ == "__main__":
    make(Path(__file__).parent)
