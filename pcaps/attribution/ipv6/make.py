import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, EXPLORER, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION, ships=False)
    spelt = replace(WORKSTATION, ip="2001:0DB8:0020:0030:0000:0000:0000:0041")
    log.connected(EXPLORER, at(-30), RESOLVER.over_ip6, 80, source=spelt)
    log.asked(CURL, at(0.4))
    write(folder, "case.pcap", pcap(resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0))))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
