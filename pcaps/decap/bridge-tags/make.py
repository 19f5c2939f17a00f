import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from tunnels import SERVICE_TAG, TAG, tagged

BACKBONE = bytes.fromhex("00005e00531200005e005311")  # addresses
INSTANCE = struct.pack("!HI", 0x88E7, 70000)
INTERFACES = bytes.fromhex("8926 80010002")  # VN-Tag: direction and destination, source
PORTS = bytes.fromhex("893f 000110020000")  # E-TAG: ingress, egress, their extensions


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "backbone.pcap", pcap([in_backbone(frame) for frame in frames]))
    for name, tag in (("vntag.pcap", INTERFACES), ("etag.pcap", PORTS)):
        write(folder, name, pcap([extended(tagged(frame, (TAG, 10)), tag) for frame in frames]))


def in_backbone(frame: Frame) -> Frame:
    outer = tagged(Frame(frame.at, BACKBONE + INSTANCE), (SERVICE_TAG, 100))
    return replace(outer, data=outer.data + frame.data)


def extended(frame: Frame, tag: bytes) -> Frame:
    return replace(frame, data=frame.data[:12] + tag + frame.data[12:])


if __name__ == "__main__":
    make(Path(__file__).parent)
