import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, by_time, pcap, resolved, write
from sysmon import EXPLORER, TELEGRAM, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.started(TELEGRAM, at(-5))
    log.asked(TELEGRAM, at(0.4))
    log.asked(EXPLORER, at(60), "::ffff:192.0.2.30;", name="www.example.com")
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(WORKSTATION, RESOLVER, at(1), turn=1)
    write(folder, "case.pcap", pcap(by_time(frames)))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
