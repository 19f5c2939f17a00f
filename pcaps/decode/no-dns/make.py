import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, UPSTREAM, WORKSTATION, at, pcap, udp, write

NAME = b"\x03api\x08telegram\x03org\0"
HEADER = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
QUERY = HEADER + NAME + struct.pack("!HH", 1, 1)
PAYLOADS = (
    bytes.fromhex("000100002112a442") + NAME,
    bytes.fromhex("c300000001088394c8f03e515708") + NAME + bytes(1150),
    QUERY + b"\0\0",
    QUERY[:-1],
    HEADER + NAME + struct.pack("!HH", 1, 9),
    HEADER + b"\x03api\xc0\x0c" + struct.pack("!HH", 1, 1),
    b"name=" + NAME,
    b"",
)


def make(folder: Path) -> None:
    frames = [
        udp(WORKSTATION, 50000 + number, UPSTREAM, 4433, payload, at(number))
        for number, payload in enumerate(PAYLOADS)
    ]
    frames.append(udp(WORKSTATION, 51000, RESOLVER, 53, QUERY[:11], at(20)))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
