import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, cname, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "innocent.example", "A")
    frames = ask.both(at(0), [cname("innocent.example", WATCHED), a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
