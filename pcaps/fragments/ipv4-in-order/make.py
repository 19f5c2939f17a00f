import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from pieces import cut


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "case.pcap", pcap([*cut(query, 24), *cut(response, 24)]))


if __name__ == "__main__":
    make(Path(__file__).parent)
