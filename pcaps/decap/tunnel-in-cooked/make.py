import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from scapy.layers.l2 import GRE
from tunnels import carried, vxlan

V1, V2 = 113, 276  # link types


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "v1.pcap", pcap([v1(f) for f in carried(frames, vxlan)], link=V1))
    write(folder, "v2.pcap", pcap([v2(f) for f in carried(frames, gre)], link=V2))


def gre(frame: bytes) -> Any:
    return GRE(proto=0x0800) / frame[14:]


def v1(frame: Frame) -> Frame:
    """Packet type 0 (to us), ARPHRD 1, a six-octet address, the protocol."""
    head = struct.pack("!HHH8s", 0, 1, 6, frame.data[6:12])
    return replace(frame, data=head + frame.data[12:])


def v2(frame: Frame) -> Frame:
    """The protocol first, then interface 2, ARPHRD 1, packet type 0, the address."""
    head = struct.pack("!2sHIHBB8s", frame.data[12:14], 0, 2, 1, 0, 6, frame.data[6:12])
    return replace(frame, data=head + frame.data[14:])


if __name__ == "__main__":
    make(Path(__file__).parent)
