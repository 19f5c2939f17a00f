import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    Exchange,
    at,
    pcap,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, id=6, port=50001)
    link = Connection(WORKSTATION, RESOLVER)
    frames = [
        ask.query(at(0)),
        ask.response(at(0.02), tc=1),
        *link.both(at(0.021), query_of(), response_of()),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
