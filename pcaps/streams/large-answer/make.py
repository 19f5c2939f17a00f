import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    RESPONSE,
    WORKSTATION,
    Connection,
    at,
    octets,
    parts,
    pcap,
    prefixed,
    query_of,
    question,
    record,
    wire,
    write,
)


def make(folder: Path) -> None:
    name = wire(b"api", b"telegram", b"org")
    answers = [
        record(b"\xc0\x0c", 1, bytes([10, 0, number >> 8, number & 0xFF])) for number in range(3747)
    ]
    response = prefixed(octets(RESPONSE, [question(name)], answers))
    link = Connection(WORKSTATION, RESOLVER)
    query = prefixed(query_of())
    frames = [*link.opened(at(0)), link.to_server(at(0.003), query)]
    for start, part in parts(response, 1460):
        frames.append(link.to_client(at(0.02) + start * 100, part, start))
    frames += link.closed(at(0.03), len(query), len(response))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
