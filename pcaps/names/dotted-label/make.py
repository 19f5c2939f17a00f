import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write

NAMES = (
    wire(b"api.telegram.org"),
    wire(b"api.telegram", b"org"),
    wire(b"api", b"telegram.org"),
)


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate(NAMES):
        innocent = [question(wire(b"innocent", b"example"))]
        leads = octets(RESPONSE, innocent, [record(b"\xc0\x0c", 5, name)])
        asked = [question(name)]
        frames += exchanged(octets(QUERY, asked), octets(RESPONSE, asked), at(number * 10))
        frames += exchanged(octets(QUERY, innocent), leads, at(number * 10 + 5))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
