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
    decoy = prefixed(query_of("www.example.com", 8))
    frames = [
        *link.opened(at(0)),
        link.to_server(at(0.003), query[:20]),
        link.to_server(at(0.004), start=77_776, flags="S"),
        link.to_server(at(0.005), decoy, 1_000_000),
        link.to_server(at(0.006), start=20, flags="FA"),
        link.to_server(at(0.01), query[20:], 20),
        link.to_client(at(0.02), response),
        *link.closed(at(0.03), len(query), len(response)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
