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
    frames = [
        link.to_server(at(0), query, -1, "S"),
        link.to_client(at(0.02), response, -1, "SA"),
        link.to_server(at(0.021), start=len(query), flags="A"),
        *link.closed(at(0.03), len(query), len(response)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
