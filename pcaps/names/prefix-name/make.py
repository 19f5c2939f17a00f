import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, cname, pcap, resolved, write

NAMES = (
    "xapi.telegram.org",
    "api.telegram.org.evil.example",
    "api.telegram.orgs",
    "api.telegram.or",
)


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate(NAMES):
        frames += resolved(WORKSTATION, RESOLVER, at(number * 10), qname=name)
        ask = Exchange(WORKSTATION, RESOLVER, "innocent.example", turn=number)
        frames += ask.both(at(number * 10 + 5), [cname("innocent.example", name)])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
