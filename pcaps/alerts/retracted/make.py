import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, SERVFAIL, WORKSTATION, Exchange, at, pcap, write
from sysmon import EXPLORER, TELEGRAM, TIMEOUT, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.started(TELEGRAM, at(-30))
    log.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    log.asked(TELEGRAM, at(20), "-", status=TIMEOUT)
    log.ended(EXPLORER, at(90))
    write(folder, "case.pcap", pcap(Exchange(WORKSTATION, RESOLVER).both(at(0), rcode=SERVFAIL)))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
