import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    RESOLVER,
    SECOND_RESOLVER,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    pcap,
    ping,
    write,
)


def make(folder: Path) -> None:
    silent = Exchange(WORKSTATION, RESOLVER)
    answering = Exchange(WORKSTATION, SECOND_RESOLVER)
    frames = [silent.query(at(0)), *answering.both(at(1), [a(WATCHED, BOT_SERVER)])]
    frames.append(ping(WORKSTATION, RESOLVER, at(60)))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
