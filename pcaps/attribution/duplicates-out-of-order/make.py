import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION, record=1)
    log.started(POWERSHELL, at(-9))
    log.asked(POWERSHELL, at(0.4))
    log.cleared()
    log.ended(CURL, at(100))
    log.asked(POWERSHELL, at(120.4))
    log.connected(POWERSHELL, at(121))
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(
        WORKSTATION, RESOLVER, at(120), turn=1
    )
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))
    write(folder, "late.jsonl", lines([log.events[4], log.events[1], log.events[0], log.events[1]]))
    write(folder, "rest.jsonl", lines([log.events[3], log.events[2], log.events[4]]))


if __name__ == "__main__":
    make(Path(__file__).parent)
