import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, SERVFAIL, WORKSTATION, Exchange, at, pcap, write
from sysmon import CURL, EXPLORER, TIMEOUT, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    log.asked(CURL, at(34), "-", status=TIMEOUT)
    log.ended(CURL, at(90))
    frames = Exchange(WORKSTATION, RESOLVER).both(at(0), rcode=SERVFAIL)
    frames += Exchange(WORKSTATION, RESOLVER, turn=1).both(at(5), rcode=SERVFAIL)
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
