import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    frames = [ask.query(at(second)) for second in (0, 1, 3, 17.5)]
    frames.append(ask.response(at(32), [a(WATCHED, BOT_SERVER)]))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
