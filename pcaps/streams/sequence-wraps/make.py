import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    parts,
    pcap,
    prefixed,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER, isn=2**32 - 20, server_isn=2**32 - 2)
    query, response = prefixed(query_of()), prefixed(response_of())
    frames = link.opened(at(0))
    asked = parts(query, 10)
    for number, place in enumerate((0, 2, 1, 3)):
        start, part = asked[place]
        frames.append(link.to_server(at(0.003) + number * 1_000_000, part, start))
    for start, part in parts(response, 1):
        frames.append(link.to_client(at(0.02) + start * 100_000, part, start))
    frames += link.closed(at(0.03), len(query), len(response))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
