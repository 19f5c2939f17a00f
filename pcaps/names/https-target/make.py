import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, https, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "innocent.example", "HTTPS")
    frames = ask.both(at(0), [https("innocent.example", WATCHED, 0)])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
