import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    RESOLVER,
    UPSTREAM,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    pcap,
    resolved,
    write,
)


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, UPSTREAM, server_port=5300)
    frames = ask.both(at(0), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap([*frames, *resolved(NEIGHBOUR, RESOLVER, at(10))]))


if __name__ == "__main__":
    make(Path(__file__).parent)
