import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import WINWORD, Log, Process, lines


def make(folder: Path) -> None:
    bot = Process(r"C:\Users\j.doe\AppData\Local\Temp\Telegram.exe", 9120, parent=WINWORD)
    log = Log(WORKSTATION)
    log.started(bot, at(-5))
    log.asked(bot, at(0.4))
    log.connected(bot, at(1))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
