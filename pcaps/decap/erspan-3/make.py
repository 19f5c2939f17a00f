import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.contrib.erspan import ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.layers.l2 import GRE
from tunnels import mirrored


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "plain.pcap", pcap(mirrored(frames, plain)))
    write(folder, "platform.pcap", pcap(mirrored(frames, with_platform_header)))
    write(folder, "packet.pcap", pcap(mirrored(frames, of_packet)))


def gre() -> Any:
    return GRE(proto=0x22EB, seqnum_present=1, sequence_number=1)


def plain(frame: bytes) -> Any:
    return gre() / ERSPAN_III(session_id=100, timestamp=7, gra=1) / frame


def with_platform_header(frame: bytes) -> Any:
    head = ERSPAN_III(session_id=100, timestamp=7, gra=3, o=1)
    return gre() / head / ERSPAN_PlatformSpecific(platf_id=3, info2=1) / frame


def of_packet(frame: bytes) -> Any:
    return gre() / ERSPAN_III(session_id=100, timestamp=7, gra=1, ft=2) / frame[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
