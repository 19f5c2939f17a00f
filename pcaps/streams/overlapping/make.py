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

ASKED = ((0, 20), (10, 30), (5, 36), (0, 36))
ANSWERED = ((30, 52), (0, 10), (5, 40), (0, 52))


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    query, response = prefixed(query_of()), prefixed(response_of())
    frames = link.opened(at(0))
    for number, (start, end) in enumerate(ASKED):
        frames.append(link.to_server(at(0.003) + number * 1_000_000, query[start:end], start))
    for number, (start, end) in enumerate(ANSWERED):
        frames.append(link.to_client(at(0.02) + number * 1_000_000, response[start:end], start))
    frames += link.closed(at(0.03), len(query), len(response))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
