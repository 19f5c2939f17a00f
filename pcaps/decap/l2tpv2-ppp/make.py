import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.inet import UDP
from scapy.layers.l2tp import L2TP
from tunnels import FAR, NEAR, carried


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = carried([query], long) + carried([response], short, (FAR, NEAR))
    write(folder, "case.pcap", pcap(frames))


def long(frame: bytes) -> Any:
    head = L2TP(
        hdr="length+sequence+offset", tunnel_id=7, session_id=9, ns=3, nr=1, offset=2, pad=b"\0\0"
    )
    return UDP(sport=1701, dport=1701) / head / (bytes.fromhex("ff030021") + frame[14:])


def short(frame: bytes) -> Any:
    head = L2TP(hdr=0, tunnel_id=8, session_id=10)
    return UDP(sport=1701, dport=1701) / head / (bytes.fromhex("0021") + frame[14:])


if __name__ == "__main__":
    make(Path(__file__).parent)
