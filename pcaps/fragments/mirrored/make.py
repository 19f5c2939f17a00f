import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from pieces import cut, spaced


def make(folder: Path) -> None:
    query, response = (cut(frame, 24) for frame in resolved(WORKSTATION, RESOLVER, at(0)))
    pairs = [spaced([f for f in parts for _ in range(2)]) for parts in (query, response)]
    again = [spaced([*parts, *parts]) for parts in (query, response)]
    write(folder, "pairs.pcap", pcap([*pairs[0], *pairs[1]]))
    write(folder, "again.pcap", pcap([*again[0], *again[1]]))


if __name__ == "__main__":
    make(Path(__file__).parent)
