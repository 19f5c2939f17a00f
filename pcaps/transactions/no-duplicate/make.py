import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, NXDOMAIN, RESOLVER, WORKSTATION, Exchange, at, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    frames = [ask.query(at(0)), ask.query(at(0.06)), ask.response(at(0.08), rcode=NXDOMAIN)]
    other = Exchange(NEIGHBOUR, RESOLVER)
    again = other.query(at(10))
    frames += [again, replace(again, at=at(10.15)), other.response(at(10.2), rcode=NXDOMAIN)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
