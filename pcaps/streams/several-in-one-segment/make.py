import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Connection,
    at,
    pcap,
    prefixed,
    query_of,
    response_of,
    write,
)

NAMES = ("www.example.com", WATCHED, "login.example.com")


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    queries = prefixed(*(query_of(name, number) for number, name in enumerate(NAMES)))
    responses = prefixed(*(response_of(name, number) for number, name in enumerate(NAMES)))
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), queries),
        link.to_client(at(0.02), responses),
        *link.closed(at(0.03), len(queries), len(responses)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
