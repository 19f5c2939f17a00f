import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, wire, write

LABELS = (
    "\u0430pi".encode(),
    "ap\u0131".encode(),
    "ap\u0130".encode(),
    bytes(octet | 0x80 for octet in b"api"),
)


def make(folder: Path) -> None:
    frames = []
    for number, label in enumerate(LABELS):
        asked = [question(wire(label, b"telegram", b"org"))]
        frames += exchanged(octets(QUERY, asked), octets(RESPONSE, asked), at(number * 10))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
