import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import WORKSTATION, at, write
from sysmon import TELEGRAM, Log, Process, lines


def make(folder: Path) -> None:
    bot = Process(r"C:\ProgramData\Telegram.exe", 9120)
    log = Log(WORKSTATION)
    log.asked(bot, at(0))
    log.asked(TELEGRAM, at(5))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
