import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import CONTROLLER, UPSTREAM, WORKSTATION, at, pcap, resolved, write
from sysmon import DNS_SERVER, EXPLORER, POWERSHELL, Log, in_order, lines


def make(folder: Path) -> None:
    controller, workstation = Log(CONTROLLER), Log(WORKSTATION)
    controller.connected(DNS_SERVER, at(-30), UPSTREAM, 53, source_port=61000, protocol="udp")
    controller.asked(EXPLORER, at(-20), "::ffff:192.0.2.30;", name="www.example.com")
    workstation.started(POWERSHELL, at(-9))
    workstation.asked(POWERSHELL, at(0.4))
    write(folder, "case.pcap", pcap(resolved(CONTROLLER, UPSTREAM, at(0))))
    write(folder, "events.jsonl", lines(in_order(controller, workstation)))


if __name__ == "__main__":
    make(Path(__file__).parent)
