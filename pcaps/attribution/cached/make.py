import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    workstation, neighbour = Log(WORKSTATION), Log(NEIGHBOUR)
    workstation.asked(POWERSHELL, at(0.4))
    workstation.asked(POWERSHELL, at(300))
    neighbour.asked(CURL, at(310))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
