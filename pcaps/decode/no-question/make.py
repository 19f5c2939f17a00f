import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    REFUSED,
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    cname,
    pcap,
    ping,
    write,
)


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    refused = ask.response(at(0.02), rcode=REFUSED, qd=[])
    leading = [cname("cdn.innocent.example", WATCHED), a(WATCHED, BOT_SERVER)]
    other = Exchange(NEIGHBOUR, RESOLVER).response(at(10), leading, qd=[])
    later = ping(WORKSTATION, RESOLVER, at(60))
    write(folder, "case.pcap", pcap([ask.query(at(0)), refused, other, later]))


if __name__ == "__main__":
    make(Path(__file__).parent)
