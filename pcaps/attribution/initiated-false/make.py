import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, EXPLORER, SVCHOST, Log, lines


def make(folder: Path) -> None:
    log = Log(NEIGHBOUR, ships=False)
    log.connected(SVCHOST, at(-3), NEIGHBOUR, 445, source=WORKSTATION, initiated=False)
    log.asked(CURL, at(0.4))
    log.asked(EXPLORER, at(60), "::ffff:192.0.2.30;", name="www.example.com")
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
