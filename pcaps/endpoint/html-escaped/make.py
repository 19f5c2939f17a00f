import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, at, pcap, resolved, write
from sysmon import CURL, NO_GUID, Log, lines


def make(folder: Path) -> None:
    log = Log(WORKSTATION)
    log.asked(CURL.seen_as("&lt;unknown process&gt;", NO_GUID), at(0.4))
    fields = ("QueryName", "QueryStatus", "QueryResults", "UtcTime")
    bare = Log(NEIGHBOUR)
    bare.asked(CURL, at(10.4))
    short = [replace(e, data={key: e.data[key] for key in fields}) for e in bare.events]
    frames = resolved(WORKSTATION, RESOLVER, at(0)) + resolved(NEIGHBOUR, RESOLVER, at(10))
    write(folder, "case.pcap", pcap(frames))
    write(folder, "events.jsonl", lines([*log.events, *short]))


if __name__ == "__main__":
    make(Path(__file__).parent)
