import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write


def make(folder: Path) -> None:
    asked = [question(wire(b"innocent", b"example"), 255)]
    watched = wire(b"api", b"telegram", b"org")
    answers = [
        record(b"\xc0\x0c", 33, struct.pack("!HHH", 0, 0, 443) + watched),
        record(b"\xc0\x0c", 15, struct.pack("!H", 10) + watched),
        record(b"\xc0\x0c", 2, watched),
        record(b"\xc0\x0c", 12, watched),
        record(watched, 1, bytes([149, 154, 167, 220])),
    ]
    frames = exchanged(octets(QUERY, asked), octets(RESPONSE, asked, answers), at(0))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
