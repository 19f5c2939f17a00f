import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    pcap,
    ping,
    prefixed,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    other, query = prefixed(query_of("www.example.com", 8)), prefixed(query_of())
    responses = prefixed(response_of("www.example.com", 8), response_of())
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.006), query, len(other)),
        link.to_client(at(0.02), responses),
        ping(WORKSTATION, RESOLVER, at(10)),
        *link.closed(at(11), len(other) + len(query), len(responses)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
