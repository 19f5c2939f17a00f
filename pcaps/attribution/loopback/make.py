import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, EXPLORER, Log, in_order, lines


def make(folder: Path) -> None:
    logs = [Log(WORKSTATION, ships=False), Log(NEIGHBOUR, ships=False)]
    for number, log in enumerate(logs):
        for address in ("127.0.0.1", "169.254.7.7", "fe80::1"):
            log.connected(
                EXPLORER, at(number - 30), RESOLVER, 80, source=replace(WORKSTATION, ip=address)
            )
    logs[0].asked(CURL, at(0.4))
    client = replace(WORKSTATION, ip="169.254.7.7")
    write(folder, "case.pcap", pcap(resolved(client, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(in_order(*logs)))


if __name__ == "__main__":
    make(Path(__file__).parent)
