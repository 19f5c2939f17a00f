import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, wire, write

NAMES = (wire(b"x{", b"example"), wire(b"X[", b"EXAMPLE"))


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate(NAMES):
        asked = [question(name)]
        frames += exchanged(octets(QUERY, asked), octets(RESPONSE, asked), at(number * 10))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
