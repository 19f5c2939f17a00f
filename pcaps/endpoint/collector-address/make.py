import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, EXPLORER, Log, lines


def make(folder: Path) -> None:
    log = Log(NEIGHBOUR, ships=False)
    log.asked(CURL, at(0.4))
    log.asked(EXPLORER, at(60), "::ffff:192.0.2.30;", name="www.example.com")
    shown = {"name": "WEC01", "ip": [WORKSTATION.ip]}
    events = [replace(event, host=shown) for event in log.events]
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(events))


if __name__ == "__main__":
    make(Path(__file__).parent)
