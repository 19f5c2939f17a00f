import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, Log, lines


def make(folder: Path) -> None:
    edges = {"early": "-1.981", "first": "-1.98", "last": "10.02", "late": "10.021"}
    for name, seconds in edges.items():
        log = Log(WORKSTATION)
        log.asked(CURL, at(seconds))
        write(folder, f"{name}.jsonl", lines(log.events))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))


if __name__ == "__main__":
    make(Path(__file__).parent)
