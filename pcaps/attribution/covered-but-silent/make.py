import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import EXPLORER, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    log.ended(EXPLORER, at(10.5))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
