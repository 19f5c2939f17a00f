import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import carried, packet_of

RAW = 101  # a link type


def make(folder: Path) -> None:
    frames = carried(resolved(WORKSTATION, RESOLVER, at(0)), packet_of)
    write(folder, "case.pcap", pcap([replace(f, data=f.data[14:]) for f in frames], link=RAW))


if __name__ == "__main__":
    make(Path(__file__).parent)
