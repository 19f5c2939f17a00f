import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write

QUESTIONS = [
    question(wire(b"www", b"example", b"com")),
    question(wire(b"telegram", b"org"), 28),
    question(b"\x03api\xc0" + bytes([12 + 21])),
]


def make(folder: Path) -> None:
    answer = record(wire(b"api", b"telegram", b"org"), 1, bytes([149, 154, 167, 220]))
    response = octets(RESPONSE, QUESTIONS, [answer])
    frames = exchanged(octets(QUERY, QUESTIONS), response, at(0))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
