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

WATCHED_TAIL = (b"api", b"telegram", b"org")
LONGEST = wire(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 44, *WATCHED_TAIL)
TOO_LONG = wire(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 45, *WATCHED_TAIL)


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate((b"\0", LONGEST, TOO_LONG)):
        asked = [question(name)]
        frames += exchanged(octets(QUERY, asked), octets(RESPONSE, asked), at(number * 10))
    frames += resolved(WORKSTATION, RESOLVER, at(60))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
