import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    frames = []
    for turn, seconds in enumerate([*range(0, 1200, 70), 5000, 5100]):
        frames += resolved(WORKSTATION, RESOLVER, at(seconds), turn=turn)
        log.asked(POWERSHELL, at(seconds + 0.4))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
