import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.l2 import GRE_PPTP
from tunnels import FAR, NEAR, carried


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = carried([query], whole) + carried([response], compressed, (FAR, NEAR))
    write(folder, "case.pcap", pcap(frames))


def whole(frame: bytes) -> Any:
    head = GRE_PPTP(call_id=5, seqnum_present=1, sequence_number=1)
    return head / (bytes.fromhex("ff030021") + frame[14:])


def compressed(frame: bytes) -> Any:
    head = GRE_PPTP(call_id=6, seqnum_present=1, sequence_number=1, acknum_present=1, ack_number=1)
    return head / (bytes.fromhex("21") + frame[14:])


if __name__ == "__main__":
    make(Path(__file__).parent)
