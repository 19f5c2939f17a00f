import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, https, pcap, write
from sysmon import CURL, Log, lines


def make(folder: Path) -> None:
    asked = "innocent.example"
    ask = Exchange(WORKSTATION, RESOLVER, asked, "HTTPS")
    log = Log(WORKSTATION)
    log.asked(CURL, at(0.4), "type:  65 ;", name=asked)
    write(folder, "case.pcap", pcap(ask.both(at(0), [https(asked, WATCHED, priority=0)])))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
