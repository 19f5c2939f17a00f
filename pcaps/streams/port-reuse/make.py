import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Connection, at, pcap, query_of, response_of, write

ISNS = (1000, 3_000_000_000, 70)


def make(folder: Path) -> None:
    names = ("www.example.com", "login.example.com", WATCHED)
    frames = []
    for number, (name, isn) in enumerate(zip(names, ISNS, strict=True)):
        link = Connection(WORKSTATION, RESOLVER, isn=isn, server_isn=isn + 5)
        connection = link.both(at(number), query_of(name), response_of(name))
        frames += connection[:5] if number == 1 else connection
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
