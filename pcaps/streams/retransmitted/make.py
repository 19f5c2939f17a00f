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
        *link.opened(at(0)),
        link.to_server(at(0.003), query),
        link.to_server(at(0.303), query),
        link.to_client(at(0.32), response),
        *link.closed(at(0.33), len(query), len(response)),
        link.to_client(at(0.62), response),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
