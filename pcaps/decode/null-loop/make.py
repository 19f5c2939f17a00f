import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write

NULL, LOOP = 0, 108  # link types


def make(folder: Path) -> None:
    four = resolved(WORKSTATION, RESOLVER, at(0))
    six = resolved(NEIGHBOUR.over_ip6, RESOLVER.over_ip6, at(10))
    for name, order, link in (("little", "<", NULL), ("big", ">", NULL), ("loop", ">", LOOP)):
        frames = led(four, struct.pack(order + "I", 2)) + led(six, struct.pack(order + "I", 30))
        write(folder, f"{name}.pcap", pcap(frames, link=link))


def led(frames: list[Frame], family: bytes) -> list[Frame]:
    return [replace(frame, data=family + frame.data[14:]) for frame in frames]


if __name__ == "__main__":
    make(Path(__file__).parent)
