import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, WORKSTATION, Host, at, octets, pcap, question, record, udp, wire, write

LLMNR = Host("", "224.0.0.252", "01:00:5e:00:00:fc")
TENTATIVE, CONFLICT = 0x0100, 0x0400


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate((wire(b"wpad"), wire(b"api", b"telegram", b"org"))):
        query = octets(0, [question(name)])
        answer = record(b"\xc0\x0c", 1, bytes([10, 20, 30, 42]), 30)
        response = octets(0x8000 | (TENTATIVE, CONFLICT)[number], [question(name)], [answer])
        frames += [
            udp(WORKSTATION, 50000 + number, LLMNR, 5355, query, at(number)),
            udp(NEIGHBOUR, 5355, WORKSTATION, 50000 + number, response, at(number + 0.02)),
        ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
