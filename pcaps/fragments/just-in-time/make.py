import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write
from pieces import cut


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    first, second = cut(ask.query(at(0)), 24)
    response = ask.response(at("29.02"), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap([first, replace(second, at=at(29)), response]))


if __name__ == "__main__":
    make(Path(__file__).parent)
