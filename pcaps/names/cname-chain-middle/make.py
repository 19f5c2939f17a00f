import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, cname, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "innocent.example", "A")
    answers = [
        cname("innocent.example", WATCHED),
        cname(WATCHED, "edge.example"),
        a("edge.example", BOT_SERVER),
    ]
    frames = ask.both(at(0), answers)
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
