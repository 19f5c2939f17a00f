import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    NEIGHBOUR,
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    by_time,
    pcap,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    frames = Connection(WORKSTATION, RESOLVER).both(at(0.5), query_of(), response_of())
    for number in range(50):
        link = Connection(NEIGHBOUR, RESOLVER, port=50000 + number, isn=number * 1000)
        for seconds in (0, 1):
            when = at(seconds) + number * 1_000_000
            frames.append(link.to_server(when, start=-1, flags="S"))
    write(folder, "case.pcap", pcap(by_time(frames)))


if __name__ == "__main__":
    make(Path(__file__).parent)
