import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, POWERSHELL, TELEGRAM, Log, Process, lines


def make(folder: Path) -> None:
    updater = Process(r"C:\Users\j.doe\AppData\Roaming\Telegram Desktop\updater.exe", 3001)
    log = Log(WORKSTATION)
    names = (
        "a.b.telegram.org",
        "telegram.org",
        "nottelegram.org",
        "td.telegram.org",
        "TD.telegram.org",
    )
    frames = []
    for number, (name, process) in enumerate(
        zip(names, (CURL, POWERSHELL, POWERSHELL, TELEGRAM, updater), strict=True)
    ):
        frames += resolved(WORKSTATION, RESOLVER, at(30 * number), qname=name)
        log.asked(process, at(30 * number + 0.4), name=name)
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
