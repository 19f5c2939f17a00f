import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at("0.000005"))
    early = replace(response, at=at(0))
    later = resolved(NEIGHBOUR, RESOLVER, at(3))
    swapped = resolved(WORKSTATION, RESOLVER, at(30), turn=1)
    write(folder, "case.pcap", pcap([query, early, *later, *reversed(swapped)]))


if __name__ == "__main__":
    make(Path(__file__).parent)
