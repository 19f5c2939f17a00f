import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.started(POWERSHELL, at(-2))
    log.ended(POWERSHELL, at(60))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
