import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, EXPLORER, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    swapped = replace(WORKSTATION, ip=NEIGHBOUR.ip), replace(NEIGHBOUR, ip=WORKSTATION.ip)
    workstation, neighbour = Log(WORKSTATION, ships=False), Log(NEIGHBOUR, ships=False)
    for log in (workstation, neighbour):
        log.connected(EXPLORER, at(-60), RESOLVER, 80)
    workstation.asked(POWERSHELL, at(0.4))
    workstation.connected(EXPLORER, at(7100), RESOLVER, 80, source=swapped[0])
    neighbour.connected(EXPLORER, at(7100), RESOLVER, 80, source=swapped[1])
    neighbour.asked(CURL, at(7200.4))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(swapped[1], RESOLVER, at(7200))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
