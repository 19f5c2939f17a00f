import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write
from sysmon import CURL, EXPLORER, SVCHOST, Log, lines


def make(folder: Path) -> None:
    for name, asker in (("asked.jsonl", CURL), ("silent.jsonl", None)):
        log = Log(WORKSTATION)
        log.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
        log.connected(SVCHOST, at(0.3), RESOLVER, 53, source_port=55001, protocol="udp")
        if asker is not None:
            log.asked(asker, at(0.4))
        log.ended(EXPLORER, at(30))
        write(folder, name, lines(log.events))
    frames = Exchange(WORKSTATION, RESOLVER, port=55001).both(at(0), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
