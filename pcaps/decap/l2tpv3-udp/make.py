import struct
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from tunnels import carried

COOKIES = {
    "four.pcap": bytes.fromhex("c00c1e55"),
    "none.pcap": b"",
    "eight.pcap": bytes.fromhex("c00c1e55c00c1e55 40000001"),  # and the sublayer, in sequence
}


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    for name, cookie in COOKIES.items():
        write(folder, name, pcap(carried(frames, lambda frame, c=cookie: l2tp(c, frame))))


def l2tp(cookie: bytes, frame: bytes) -> Any:
    return UDP(sport=1701, dport=1701) / (struct.pack("!HHI", 3, 0, 1001) + cookie + frame)


if __name__ == "__main__":
    make(Path(__file__).parent)
