import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, copied, pcap, resolved, write


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = [query, copied(query, 0.1), copied(query, 0.2), copied(response, 0.3)]
    query, response = resolved(NEIGHBOUR, RESOLVER, at(10))
    late = replace(query, at=query.at + 100_000_001)
    frames += [query, late, copied(response, 0.3)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
