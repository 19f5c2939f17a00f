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
    other = prefixed(query_of("www.example.com", 8))
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), other[:20]),
        ping(WORKSTATION, RESOLVER, at(150)),
        link.to_server(at(200), prefixed(query_of()), len(other)),
        link.to_client(at(200.02), prefixed(response_of())),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
