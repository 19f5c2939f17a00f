import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Connection, at, pcap, query_of, response_of, write


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    write(folder, "case.pcap", pcap(link.both(at(0), query_of(), response_of())))


if __name__ == "__main__":
    make(Path(__file__).parent)
