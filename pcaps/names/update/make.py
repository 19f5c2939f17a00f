import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    QUERY,
    RESPONSE,
    at,
    by_time,
    exchanged,
    octets,
    pcap,
    question,
    record,
    wire,
    write,
)

NAME = wire(b"api", b"telegram", b"org")
UPDATE = 5 << 11  # the opcode's place in the flags


def make(folder: Path) -> None:
    asked = [question(NAME)]
    leads = record(wire(b"x", b"example"), 5, NAME)
    answer = record(b"\xc0\x0c", 1, bytes([149, 154, 167, 220]))
    plain = exchanged(octets(QUERY, asked), octets(RESPONSE, asked, [answer]), at(0.01))
    other = exchanged(octets(UPDATE, asked, [], [leads]), octets(0x8000 | UPDATE, asked), at(0))
    alone = exchanged(octets(UPDATE, asked), octets(0x8000 | UPDATE, asked), at(60))
    write(folder, "case.pcap", pcap(by_time([*other, *plain, *alone])))


if __name__ == "__main__":
    make(Path(__file__).parent)
