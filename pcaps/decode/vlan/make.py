import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write


def make(folder: Path) -> None:
    tagged = [
        replace(frame, data=behind(frame.data, (0x8100, 10)))
        for frame in resolved(WORKSTATION, RESOLVER, at(0))
    ]
    stacked = [
        replace(frame, data=behind(frame.data, (0x88A8, 200), (0x8100, 20)))
        for frame in resolved(NEIGHBOUR, RESOLVER, at(10))
    ]
    write(folder, "case.pcap", pcap(tagged + stacked))


def behind(data: bytes, *tags: tuple[int, int]) -> bytes:
    """Put tags (type, identifier) behind the addresses, with a priority of 3."""
    return data[:12] + b"".join(struct.pack("!HH", t, 3 << 13 | v) for t, v in tags) + data[12:]


if __name__ == "__main__":
    make(Path(__file__).parent)
