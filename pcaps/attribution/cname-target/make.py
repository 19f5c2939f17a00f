import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, cname, pcap, write
from sysmon import CURL, Log, lines


def make(folder: Path) -> None:
    asked = "cdn.innocent.example"
    ask = Exchange(WORKSTATION, RESOLVER, asked)
    log = Log(WORKSTATION)
    log.asked(CURL, at(0.4), f"type:  5 {WATCHED};::ffff:{BOT_SERVER};", name=asked)
    frames = ask.both(at(0), [cname(asked, WATCHED), a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
