import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Connection,
    at,
    pcap,
    ping,
    prefixed,
    query_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    names = ("www.example.com", "login.example.com", WATCHED)
    queries = [prefixed(query_of(name, number)) for number, name in enumerate(names)]
    third = len(queries[0]) + len(queries[1])
    frames = [
        link.to_server(at(0), start=-1, flags="S"),
        link.to_server(at(0.003), queries[0]),
        link.to_server(at(0.004), queries[1][:20], len(queries[0])),
        link.to_server(at(0.006), queries[2], third),
        ping(WORKSTATION, RESOLVER, at(10)),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
