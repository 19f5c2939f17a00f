import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, a, at, pcap, write
from sysmon import CURL, POWERSHELL, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(CURL, at(0.4), "::ffff:10.20.0.80;", name="wpad")
    log.asked(POWERSHELL, at(0.5), "::ffff:10.20.0.80;", name="wpad.")
    asked = "wpad.corp.example"
    write(
        folder,
        "case.pcap",
        pcap(Exchange(WORKSTATION, RESOLVER, asked).both(at(0), [a(asked, "10.20.0.80")])),
    )
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
