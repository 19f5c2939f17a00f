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
    query, response = prefixed(query_of()), prefixed(response_of())
    other = prefixed(query_of("www.example.com", 8))
    frames = [
        link.to_server(at(0), query, 5000),
        link.to_client(at(0.02), response, 9000),
        link.to_server(at(1), other, 5000 + len(query)),
        link.to_client(at(1.02), prefixed(response_of("www.example.com", 8)), 9000 + len(response)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
