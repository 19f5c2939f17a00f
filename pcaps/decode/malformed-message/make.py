import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, udp, write

NAME = b"\x03api\x08telegram\x03org\0"
ASKED = NAME + struct.pack("!HH", 1, 1)
HEADER = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
DAMAGED = (
    b"\xff" * 12,
    HEADER + b"\xc0\x0c" + struct.pack("!HH", 1, 1),
    HEADER + NAME[:-6],
)


def make(folder: Path) -> None:
    frames = [
        udp(WORKSTATION, 50000 + number, RESOLVER, 53, payload, at(number))
        for number, payload in enumerate(DAMAGED)
    ]
    frames.append(udp(NEIGHBOUR, 50000, RESOLVER, 53, HEADER + ASKED + b"behind", at(10)))
    frames += resolved(WORKSTATION, RESOLVER, at(20))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
