import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, cname, dname, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "api.old.example", "A")
    answers = [dname("old.example", "telegram.org"), cname("api.old.example", WATCHED)]
    frames = ask.both(at(0), answers)
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
