import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write

INNOCENT = wire(b"innocent", b"example")
TYPE = 65400


def make(folder: Path) -> None:
    answers = []
    rdata = wire(b"telegram", b"org")
    for _ in range(4):
        answers.append(record(b"\xc0\x0c", TYPE, rdata))
        place = len(octets(RESPONSE, [question(INNOCENT)], answers)) - len(rdata)
        rdata = struct.pack("!H", 0xC000 | place)
    answers.append(record(b"\xc0\x0c", 5, b"\x03api" + rdata))
    query = octets(QUERY, [question(INNOCENT)])
    response = octets(RESPONSE, [question(INNOCENT)], answers)
    write(folder, "case.pcap", pcap(exchanged(query, response, at(0))))


if __name__ == "__main__":
    make(Path(__file__).parent)
