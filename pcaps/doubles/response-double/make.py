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
    cname,
    copied,
    pcap,
    resolved,
    write,
)


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    frames = [query, response, copied(response)]
    ask = Exchange(NEIGHBOUR, RESOLVER, "innocent.example")
    leads = ask.response(at(10.02), [cname("innocent.example", WATCHED), a(WATCHED, BOT_SERVER)])
    frames += [ask.query(at(10)), leads, copied(leads, vlan=20)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
