import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, UPSTREAM, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, Log, Process, in_order, lines


def make(folder: Path) -> None:
    workstation, neighbour = Log(WORKSTATION), Log(NEIGHBOUR)
    workstation.asked(CURL, at(0.4))
    workstation.connected(CURL, at(0.7))
    other = Process(CURL.image, 6100)
    neighbour.asked(other, at(10.4))
    neighbour.connected(other, at(10.8), UPSTREAM)
    neighbour.connected(other, at(1200))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(10))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
