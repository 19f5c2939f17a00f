import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write
from sysmon import EXPLORER, Log, Process, lines


def make(folder: Path) -> None:
    nslookup = Process(r"C:\Windows\System32\nslookup.exe", 4711, parent=EXPLORER)
    log = Log(WORKSTATION, ships=False)
    log.started(nslookup, at(-1))
    log.connected(nslookup, at(0.9), RESOLVER, 53, source_port=55001, protocol="udp")
    frames = Exchange(WORKSTATION, RESOLVER, port=55001).both(at(0), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines(log.events))


if __name__ == "__main__":
    make(Path(__file__).parent)
