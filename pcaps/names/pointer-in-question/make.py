import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, write

NAME = b"\x03api\x08telegram\x03org\xc0\x04"


def make(folder: Path) -> None:
    query = octets(QUERY, [question(NAME)])
    answer = record(b"\xc0\x0c", 1, bytes([149, 154, 167, 220]))
    response = octets(RESPONSE, [question(NAME)], [answer])
    write(folder, "case.pcap", pcap(exchanged(query, response, at(0))))


if __name__ == "__main__":
    make(Path(__file__).parent)
