import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, WORKSTATION, Host, at, octets, pcap, question, record, udp, wire, write

MDNS = Host("", "224.0.0.251", "01:00:5e:00:00:fb")


def make(folder: Path) -> None:
    name = wire(b"api", b"telegram", b"org")
    answer = record(b"\xc0\x0c", 1, bytes([10, 20, 30, 42]), 10)
    query, response = octets(0, [question(name)]), octets(0x8400, [question(name)], [answer])
    frames = [
        udp(WORKSTATION, 50000, MDNS, 5353, query, at(0)),
        udp(NEIGHBOUR, 5353, WORKSTATION, 50000, response, at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
