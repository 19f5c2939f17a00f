import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, at, pcap, udp, write

LABEL = bytes([len(WATCHED)]) + WATCHED.encode() + b"\0"


def make(folder: Path) -> None:
    question = LABEL + struct.pack("!HH", 1, 1)
    query = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + question
    response = struct.pack("!6H", 7, 0x8183, 1, 0, 0, 0) + question
    frames = [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, at(0)),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
