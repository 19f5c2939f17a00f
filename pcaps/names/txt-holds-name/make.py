import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write


def make(folder: Path) -> None:
    asked = [question(wire(b"innocent", b"example"), 16)]
    watched = wire(b"api", b"telegram", b"org")
    answers = [
        record(b"\xc0\x0c", 16, b"\x10api.telegram.org"),
        record(b"\xc0\x0c", 16, bytes([len(watched)]) + watched),
    ]
    frames = exchanged(octets(QUERY, asked), octets(RESPONSE, asked, answers), at(0))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
