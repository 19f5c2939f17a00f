import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    workstation, neighbour = Log(WORKSTATION), Log(NEIGHBOUR)
    workstation.asked(CURL, at(0.4))
    neighbour.asked(POWERSHELL, at(10.4))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(10))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
