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
    link = Connection(WORKSTATION, RESOLVER)
    query, response = prefixed(query_of()), prefixed(response_of())
    frames = link.opened(at(0))
    for number, (start, part) in enumerate(reversed(parts(query, 10))):
        frames.append(link.to_server(at(0.003) + number * 1_000_000, part, start))
    answered = parts(response, 13)
    for number, place in enumerate((1, 0, 3, 2)):
        start, part = answered[place]
        frames.append(link.to_client(at(0.02) + number * 1_000_000, part, start))
    frames += link.closed(at(0.03), len(query), len(response))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
