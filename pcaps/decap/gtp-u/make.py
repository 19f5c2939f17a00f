import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.layers.inet import UDP
from tunnels import FAR, NEAR, carried


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = carried([query], up) + carried([response], down, (FAR, NEAR))
    write(folder, "case.pcap", pcap(frames))


def up(frame: bytes) -> Any:
    head = GTP_U_Header(gtp_type=255, teid=4097, E=1, next_ex=0x85)
    session = GTPPDUSessionContainer(type=1, QFI=9)
    return UDP(sport=2152, dport=2152) / head / session / frame[14:]


def down(frame: bytes) -> Any:
    return UDP(sport=2152, dport=2152) / GTP_U_Header(gtp_type=255, teid=8193) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
