import hashlib
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, UPSTREAM, WORKSTATION, at, pcap, resolved, udp, wire, write

NAME = wire(b"api", b"telegram", b"org")


def make(folder: Path) -> None:
    payloads = [_drawn(number, number) for number in range(200)]
    payloads += [struct.pack("!BBHII", 0x80, 0, n, n * 160, 7) + _drawn(n, 160) for n in range(100)]
    payloads += [b"\xc3\0\0\0\1\x08" + _drawn(n, 8) + NAME + _drawn(n, 60) for n in range(100)]
    frames = [
        udp(WORKSTATION, 50000 + number, UPSTREAM, 40000 + number, payload, at(number))
        for number, payload in enumerate(payloads)
    ]
    frames += resolved(WORKSTATION, RESOLVER, at(500))
    write(folder, "case.pcap", pcap(frames))


def _drawn(number: int, size: int) -> bytes:
    """Octets that look drawn at random, the same each time."""
    return hashlib.shake_128(number.to_bytes(2, "big")).digest(size)


if __name__ == "__main__":
    make(Path(__file__).parent)
