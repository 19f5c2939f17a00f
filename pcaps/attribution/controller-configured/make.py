import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import CONTROLLER, UPSTREAM, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(POWERSHELL, at(0.4))
    write(folder, "case.pcap", pcap(resolved(CONTROLLER, UPSTREAM, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
