import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import EXPLORER, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    shared = replace(NEIGHBOUR, ip=WORKSTATION.ip)
    workstation, neighbour = Log(WORKSTATION, ships=False), Log(NEIGHBOUR, ships=False)
    workstation.connected(EXPLORER, at(-600), RESOLVER, 80)
    neighbour.connected(EXPLORER, at(-300), RESOLVER, 80, source=shared)
    workstation.connected(EXPLORER, at(-100), RESOLVER, 80)
    neighbour.connected(EXPLORER, at(-50), RESOLVER, 80, source=shared)
    workstation.asked(POWERSHELL, at(0.4))
    workstation.connected(EXPLORER, at(100), RESOLVER, 80)
    neighbour.connected(EXPLORER, at(150), RESOLVER, 80, source=shared)
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
