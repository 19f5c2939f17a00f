import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    copied,
    hopped,
    pcap,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    frames = []
    for frame in Connection(WORKSTATION, RESOLVER).both(at(0), query_of(), response_of()):
        frames += [frame, copied(hopped(frame), vlan=20)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
