import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write

ASKED = wire(b"aPI", b"TELEgraM", b"OrG")
ANSWERED = wire(b"ApI", b"telegram", b"oRG")


def make(folder: Path) -> None:
    query = octets(QUERY, [question(ASKED)])
    answer = record(ANSWERED, 1, bytes([149, 154, 167, 220]))
    response = octets(RESPONSE, [question(ASKED)], [answer])
    write(folder, "case.pcap", pcap(exchanged(query, response, at(0))))


if __name__ == "__main__":
    make(Path(__file__).parent)
