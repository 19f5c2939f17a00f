import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(POWERSHELL, at(0.4))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(1))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
