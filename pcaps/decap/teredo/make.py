import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from tunnels import FAR, NEAR, carried

AUTHENTICATION = bytes.fromhex("0001 0000 0011223344556677 00")  # no client id, a nonce
ORIGIN = bytes.fromhex("0000 36b8 3ffffdfe")  # port 51527 and 192.0.2.1, all bits turned over


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0))
    frames = carried([query], to_server) + carried([response], to_client, (FAR, NEAR))
    write(folder, "case.pcap", pcap(frames))


def to_server(frame: bytes) -> Any:
    return UDP(sport=51527, dport=3544) / (AUTHENTICATION + frame[14:])


def to_client(frame: bytes) -> Any:
    return UDP(sport=3544, dport=51527) / (AUTHENTICATION + ORIGIN + frame[14:])


if __name__ == "__main__":
    make(Path(__file__).parent)
