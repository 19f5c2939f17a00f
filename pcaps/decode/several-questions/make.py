import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, udp, write


def make(folder: Path) -> None:
    first = b"\x08telegram\x03org\0" + struct.pack("!HH", 1, 1)
    second = b"\x03api\xc0\x0c" + struct.pack("!HH", 1, 1)
    query = struct.pack("!6H", 7, 0x0100, 2, 0, 0, 0) + first + second
    response = struct.pack("!6H", 7, 0x8181, 2, 0, 0, 0) + first + second
    frames = [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, at(0)),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
