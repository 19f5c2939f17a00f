import gzip
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import POWERSHELL, WINWORD, Log, flat, lines, nxlog, windows_xml, winlogbeat6


def make(folder: Path) -> None:
    log = Log(WORKSTATION, record=113_890, ships=False)
    log.started(WINWORD, at(-30))
    log.started(POWERSHELL, at(-2))
    log.asked(POWERSHELL, at(1))
    log.connected(POWERSHELL, at(2))
    log.ended(POWERSHELL, at(60))
    events = log.events
    write(folder, "case.pcap", pcap(resolved(WORKSTATION, RESOLVER, at(0))))
    write(folder, "winlogbeat8.jsonl", lines(events))
    write(folder, "winlogbeat6.jsonl", lines(events, winlogbeat6))
    write(folder, "nxlog.jsonl", lines(events, nxlog))
    write(folder, "flat.jsonl", lines(events, flat))
    write(folder, "splunk.log", lines(events, windows_xml))
    document = "".join(windows_xml(event, "\r\n") for event in events)
    write(
        folder,
        "windows.xml",
        f"<?xml version='1.0' encoding='utf-8'?>\r\n<Events>{document}</Events>\r\n",
    )
    write(folder, "winlogbeat8.jsonl.gz", gzip.compress(lines(events).encode(), mtime=0))


if __name__ == "__main__":
    make(Path(__file__).parent)
