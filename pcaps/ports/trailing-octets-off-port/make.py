import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    NEIGHBOUR,
    RESOLVER,
    UPSTREAM,
    WORKSTATION,
    at,
    pcap,
    query_of,
    response_of,
    udp,
    write,
)


def make(folder: Path) -> None:
    query, response = query_of() + b"\0\0", response_of() + b"\0\0"
    frames = [
        udp(WORKSTATION, 50000, UPSTREAM, 5300, query, at(0)),
        udp(UPSTREAM, 5300, WORKSTATION, 50000, response, at(0.02)),
        udp(NEIGHBOUR, 50000, RESOLVER, 53, query, at(10)),
        udp(RESOLVER, 53, NEIGHBOUR, 50000, response, at(10.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
