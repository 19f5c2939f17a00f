import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    QUERY,
    RESOLVER,
    RESPONSE,
    WORKSTATION,
    at,
    exchanged,
    octets,
    pcap,
    question,
    resolved,
    udp,
    wire,
    write,
)

NAME = wire(b"www", b"example", b"com")


def make(folder: Path) -> None:
    itself = octets(QUERY, [question(b"\xc0\x0c")])
    second = octets(QUERY, [question(NAME), question(b"\x03api\xc0" + bytes([12 + len(NAME) + 4]))])
    endless = octets(RESPONSE, [question(b"\x03api\x08telegram\x03org\xc0\x0c")])
    frames = [
        *exchanged(itself, endless, at(0)),
        udp(WORKSTATION, 50001, RESOLVER, 53, second, at(1)),
        *resolved(WORKSTATION, RESOLVER, at(10)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
