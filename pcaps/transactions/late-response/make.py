import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, ping, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    late = ask.response(at(20), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap([ask.query(at(0)), late, ping(WORKSTATION, RESOLVER, at(60))]))


if __name__ == "__main__":
    make(Path(__file__).parent)
