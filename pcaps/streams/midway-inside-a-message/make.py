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
    asked = prefixed(query_of("www.example.com", 8))[20:]
    answered = prefixed(response_of("www.example.com", 8))[25:]
    frames = [
        link.to_server(at(0), asked, 5000),
        link.to_server(at(0.01), prefixed(query_of()), 5000 + len(asked)),
        link.to_client(at(0.02), answered + prefixed(response_of()), 9000),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
