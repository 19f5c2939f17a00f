import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, udp, write

SUBNET = (8, bytes.fromhex("00011800cb0071"))
COOKIE = (10, bytes.fromhex("0123456789abcdef"))
PADDING = (12, bytes(20))
ERROR = (15, bytes.fromhex("0012") + b"blocked")


def make(folder: Path) -> None:
    name = b"\x03api\x08telegram\x03org\0"
    question = name + struct.pack("!HH", 1, 1)
    query = struct.pack("!6H", 7, 0x0120, 1, 0, 0, 1) + question
    query += opt(1232, 0x8000, SUBNET, COOKIE, PADDING)
    response = struct.pack("!6H", 7, 0x8180, 1, 0, 0, 1) + question
    response += opt(4096, 1 << 24, ERROR)  # BADVERS is 16: 1 above, 0 in the header
    frames = [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, at(0)),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


def opt(size: int, ttl: int, *options: tuple[int, bytes]) -> bytes:
    """An OPT record (RFC 6891 §6.1.2)."""
    rdata = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return b"\0" + struct.pack("!HHIH", 41, size, ttl, len(rdata)) + rdata


if __name__ == "__main__":
    make(Path(__file__).parent)
