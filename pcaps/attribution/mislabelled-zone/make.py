import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    workstation = Log(WORKSTATION, label=-14_400_000_000_000, drift=63_000_000_000)
    neighbour = Log(NEIGHBOUR)
    workstation.started(POWERSHELL, at(-9))
    workstation.asked(POWERSHELL, at(0.4))
    workstation.ended(POWERSHELL, at(30))
    neighbour.started(CURL, at(90))
    neighbour.asked(CURL, at(100.4))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(100))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
