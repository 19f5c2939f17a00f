import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
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
    other, query = prefixed(query_of("www.example.com", 8)), prefixed(query_of())
    first, second = prefixed(response_of()), prefixed(response_of("www.example.com", 8))
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), other),
        link.to_server(at(0.004), query, len(other)),
        link.to_client(at(0.02), first),
        link.to_client(at(0.05), second, len(first)),
        *link.closed(at(0.06), len(other) + len(query), len(first) + len(second)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
