import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    pcap,
    resolved,
    write,
)

ASKED = "aPi.TELEgram.ORg"


def make(folder: Path) -> None:
    kept = resolved(WORKSTATION, RESOLVER, at(0), qname=ASKED)
    query = Exchange(NEIGHBOUR, RESOLVER, ASKED, id=7, port=50000).query(at(10))
    lower = Exchange(NEIGHBOUR, RESOLVER, id=7, port=50000)
    response = lower.response(at(10.02), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap([*kept, query, response]))


if __name__ == "__main__":
    make(Path(__file__).parent)
