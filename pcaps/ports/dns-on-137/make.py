import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, UPSTREAM, WATCHED, WORKSTATION, Exchange, a, at, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, UPSTREAM, server_port=137)
    write(folder, "case.pcap", pcap(ask.both(at(0), [a(WATCHED, BOT_SERVER)])))


if __name__ == "__main__":
    make(Path(__file__).parent)
