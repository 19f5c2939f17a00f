import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    NEIGHBOUR,
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    pcap,
    prefixed,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    query, response = prefixed(query_of()), prefixed(response_of())
    half = prefixed(query_of("www.example.com", 8))[:20]
    other = Connection(NEIGHBOUR, RESOLVER)
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), query),
        link.to_client(at(0.02), response),
        link.to_server(at(0.03), half, len(query)),
        *link.closed(at(0.04), len(query) + len(half), len(response)),
        *other.opened(at(20)),
        other.to_server(at(20.003), query[:20]),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
