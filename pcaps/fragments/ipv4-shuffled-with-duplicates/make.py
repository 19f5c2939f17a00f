import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from pieces import cut, spaced

ORDER = (3, 0, 5, 3, 1, 0, 4, 2, 5)


def make(folder: Path) -> None:
    frames: list[Frame] = []
    for frame in resolved(WORKSTATION, RESOLVER, at(0)):
        parts = cut(frame, 8, 16, 24, 32, 40)
        frames += spaced([parts[number] for number in ORDER])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
