import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    CONTROLLER,
    UPSTREAM,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    pcap,
    write,
)
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(POWERSHELL, at(0.4))
    inner, outer = Exchange(WORKSTATION, CONTROLLER), Exchange(CONTROLLER, UPSTREAM)
    answer = [a(WATCHED, BOT_SERVER)]
    frames = [
        inner.query(at(0)),
        outer.query(at(0.001)),
        outer.response(at(0.02), answer),
        inner.response(at(0.021), answer),
    ]
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
