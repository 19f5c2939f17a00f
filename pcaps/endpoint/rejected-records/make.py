import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, Log, lines, winlogbeat


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(POWERSHELL, at(0.4))
    good = lines(log.events)
    nameless = replace(log.events[0], data={"Image": "x.exe", "ProcessId": "1"}, record=7)
    timeless = winlogbeat(replace(log.events[0], record=8)).replace("2026-03-14T", "noon ")
    broken = '{"winlog": {"event_id": 22, \n'
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "events.jsonl", f'{broken}{{"a": 1}}\n{lines([nameless])}{timeless}\n{good}[]\n')


if __name__ == "__main__":
    make(Path(__file__).parent)
