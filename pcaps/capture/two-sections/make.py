import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, Interface, at, pcapng, resolved, write


def make(folder: Path) -> None:
    first = resolved(WORKSTATION, RESOLVER, at(0))
    second = resolved(NEIGHBOUR, RESOLVER, at(10))
    raw = [replace(frame, data=frame.data[14:]) for frame in second]
    joined = pcapng(first) + pcapng(
        raw, (Interface("tun0", link=101, resolution=6),), big_endian=True
    )
    write(folder, "case.pcapng", joined)


if __name__ == "__main__":
    make(Path(__file__).parent)
