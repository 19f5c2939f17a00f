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
    back = prefixed(response_of("www.example.com", 8))
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), query),
        link.to_client(at(0.02), response),
        link.to_server(at(0.03), start=len(query), flags="A"),
    ]
    for seconds in (30, 60):
        frames += [
            link.to_server(at(seconds), b"\0", len(query) - 1, "A"),
            link.to_client(at(seconds + 0.001), start=len(response), flags="A"),
            link.to_client(at(seconds + 10), start=len(response) - 1, flags="A"),
            link.to_server(at(seconds + 10.001), start=len(query), flags="A"),
        ]
    frames += [
        link.to_server(at(90), other, len(query)),
        link.to_client(at(90.02), back, len(response)),
        *link.closed(at(90.03), len(query) + len(other), len(response) + len(back)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
