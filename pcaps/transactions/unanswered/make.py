import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, SERVER, WORKSTATION, Exchange, at, pcap, ping, write
from sysmon import EXPLORER, Log, lines


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    frames = [ask.query(at(0)), *(ping(NEIGHBOUR, RESOLVER, at(n)) for n in range(1, 60, 4))]
    write(folder, "case.pcap", pcap(frames))
    log = Log(WORKSTATION)
    log.asked(EXPLORER, at(-100), name="www.example.com")
    log.connected(EXPLORER, at(-90), SERVER)
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
