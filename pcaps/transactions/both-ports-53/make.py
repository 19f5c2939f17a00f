import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    UPSTREAM,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    pcap,
    write,
)


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, UPSTREAM, port=53)
    only = Exchange(NEIGHBOUR, UPSTREAM, port=53)
    frames = ask.both(at(0), [a(WATCHED, BOT_SERVER)])
    frames.append(only.response(at(10), [a(WATCHED, BOT_SERVER)]))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
