import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, ping, resolved, write
from sysmon import EXPLORER, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    log.ended(EXPLORER, at(5))
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "short.pcap", pcap([*frames, ping(RESOLVER, NEIGHBOUR, at(20))]))
    write(
        folder,
        "long.pcap",
        pcap([*frames, ping(RESOLVER, NEIGHBOUR, at(20)), ping(RESOLVER, NEIGHBOUR, at(1200))]),
    )
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
