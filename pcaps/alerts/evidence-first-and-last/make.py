import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import WORKSTATION, at, write
from sysmon import POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION, record=1)
    for number in range(50):
        log.asked(POWERSHELL, at(60 * number))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
