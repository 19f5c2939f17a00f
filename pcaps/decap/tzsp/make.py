import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from tunnels import mirrored

# Signal strength, padding, the frame's length, the end.
TAGS = bytes.fromhex("0a01d0 00 29020060 01")


def make(folder: Path) -> None:
    write(folder, "case.pcap", pcap(mirrored(resolved(WORKSTATION, RESOLVER, at(0)), tzsp)))


def tzsp(frame: bytes) -> Any:
    """Version 1, a received packet, Ethernet."""
    return UDP(sport=37008, dport=37008) / (bytes.fromhex("01000001") + TAGS + frame)


if __name__ == "__main__":
    make(Path(__file__).parent)
