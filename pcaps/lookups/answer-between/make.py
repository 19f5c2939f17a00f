import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write


def make(folder: Path) -> None:
    first, second = Exchange(WORKSTATION, RESOLVER), Exchange(WORKSTATION, RESOLVER, turn=1)
    frames = [
        first.query(at(0)),
        second.query(at(3)),
        first.response(at(3.5), [a(WATCHED, BOT_SERVER)]),
        *Exchange(WORKSTATION, RESOLVER, qtype="AAAA").both(at(3.6)),
        second.response(at(3.7), [a(WATCHED, BOT_SERVER)]),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
