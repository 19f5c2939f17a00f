import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import TAG, tagged


def make(folder: Path) -> None:
    for name, depth in (("eight.pcap", 8), ("nine.pcap", 9)):
        tags = [(TAG, number + 1) for number in range(depth)]
        frames = [tagged(frame, *tags) for frame in resolved(WORKSTATION, RESOLVER, at(0))]
        write(folder, name, pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
