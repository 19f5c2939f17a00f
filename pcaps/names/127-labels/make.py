import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    QUERY,
    RESOLVER,
    RESPONSE,
    WORKSTATION,
    at,
    exchanged,
    octets,
    pcap,
    question,
    resolved,
    wire,
    write,
)

LABELS = (*[b"x"] * 125, b"y", b"z")


def make(folder: Path) -> None:
    asked = [question(wire(*LABELS))]
    frames = exchanged(octets(QUERY, asked), octets(RESPONSE, asked), at(0))
    frames += resolved(WORKSTATION, RESOLVER, at(10))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
