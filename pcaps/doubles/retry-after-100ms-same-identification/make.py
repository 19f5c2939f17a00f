import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, copied, pcap, resolved, write


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = [
        query,
        copied(query, 0.15),
        copied(response, 0.15),
        copied(response, 0.251),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
