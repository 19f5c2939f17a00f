import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, WORKSTATION, Host, at, octets, pcap, question, record, udp, wire, write

BROADCAST = Host("", "10.20.255.255", "ff:ff:ff:ff:ff:ff")
NB = 0x0020


def make(folder: Path) -> None:
    letters = b"".join(bytes([65 + (o >> 4), 65 + (o & 15)]) for o in b"FIN-WS-0232    \x20")
    name = wire(letters, b"api", b"telegram", b"org")
    query = octets(0x0110, [question(name, NB)])
    address = record(name, NB, b"\0\0" + bytes([10, 20, 30, 42]), 300_000)
    frames = [
        udp(WORKSTATION, 137, BROADCAST, 137, query, at(0)),
        udp(NEIGHBOUR, 137, WORKSTATION, 137, octets(0x8500, [], [address]), at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
