import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, SERVFAIL, WORKSTATION, Exchange, at, pcap, write
from sysmon import CURL, SERVER_FAILURE, TIMEOUT, Log, lines


def make(folder: Path) -> None:
    for name, status in (
        ("timeout.jsonl", TIMEOUT),
        ("failed.jsonl", SERVER_FAILURE),
        ("ok.jsonl", 0),
    ):
        log = Log(WORKSTATION)
        log.asked(CURL, at(20), "-" if status else f"{BOT_SERVER};", status=status)
        log.ended(CURL, at(60))
        write(folder, name, lines(log.events))
    write(folder, "case.pcap", pcap(Exchange(WORKSTATION, RESOLVER).both(at(0), rcode=SERVFAIL)))


if __name__ == "__main__":
    make(Path(__file__).parent)
