import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write


def make(folder: Path) -> None:

    answer = record(b"\xc0\x0c", 5, b"\x03api\xc0\x12")
    asked = [question(wire(b"login", b"telegram", b"org"))]
    frames = exchanged(octets(QUERY, asked), octets(RESPONSE, asked, [answer]), at(0))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
