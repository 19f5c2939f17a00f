import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import EXPLORER, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    double = replace(WORKSTATION, computer="FIN-WS-0231.lab.example")
    workstation, other = Log(WORKSTATION, ships=False), Log(double, ships=False)
    workstation.asked(POWERSHELL, at(0.4))
    other.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    other.asked(EXPLORER, at(60), "::ffff:192.0.2.30;", name="www.example.com")
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", lines(in_order(workstation, other)))


if __name__ == "__main__":
    make(Path(__file__).parent)
