import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    NXDOMAIN,
    RESOLVER,
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
    one = Exchange(WORKSTATION, RESOLVER, id=7, port=50000)
    other = Exchange(NEIGHBOUR, RESOLVER, id=7, port=50000)
    spoof = Exchange(WORKSTATION, UPSTREAM, id=7, port=50000)
    frames = [
        one.query(at(0)),
        other.query(at(0.001)),
        spoof.response(at(0.002), [a(WATCHED, "192.0.2.66")]),
        other.response(at(0.02), rcode=NXDOMAIN),
        one.response(at(0.03), [a(WATCHED, BOT_SERVER)]),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
