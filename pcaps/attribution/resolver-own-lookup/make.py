import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, CONTROLLER, UPSTREAM, WATCHED, Exchange, a, at, pcap, write
from sysmon import DNS_SERVER, EXPLORER, Log, Process, lines


def make(folder: Path) -> None:
    tool = Process(r"C:\Tools\dig.exe", 4711, parent=EXPLORER)
    log = Log(CONTROLLER)
    log.connected(DNS_SERVER, at(-30), UPSTREAM, 53, source_port=61000, protocol="udp")
    log.connected(tool, at(0.5), UPSTREAM, 53, source_port=55001, protocol="udp")
    frames = Exchange(CONTROLLER, UPSTREAM, port=55001).both(at(0), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
