import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, write
from sysmon import CURL, TIMEOUT, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(CURL, at(25), "-", status=TIMEOUT)
    ask = Exchange(WORKSTATION, RESOLVER)
    write(folder, "case.pcap", pcap([ask.query(at(0)), ask.query(at(1)), ask.query(at(3))]))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
