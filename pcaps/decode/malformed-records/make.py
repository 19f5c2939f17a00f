import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, udp, write

NAME = b"\x03cdn\x08innocent\x07example\0"
TARGET = b"\x03api\x08telegram\x03org\0"
HERE = b"\xc0\x0c"


def make(folder: Path) -> None:
    question = NAME + struct.pack("!HH", 1, 1)
    records = record(HERE, 1, b"\x7f\0\0") + record(HERE, 5, TARGET)
    at_itself = 12 + len(question) + len(records)
    records += record(struct.pack("!H", 0xC000 | at_itself), 1, bytes(4))
    records += record(HERE, 65, b"\0\1\3ap")
    records += record(HERE, 1, bytes(4))[:-2]
    query = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + question
    response = struct.pack("!6H", 7, 0x8180, 1, 5, 0, 0) + question + records
    frames = [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, at(0)),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


def record(owner: bytes, kind: int, rdata: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 27, len(rdata)) + rdata


if __name__ == "__main__":
    make(Path(__file__).parent)
