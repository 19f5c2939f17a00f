import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from pieces import cut, spaced
from tunnels import carried, vxlan


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "case.pcap", pcap([*nested(query), *nested(response)]))


def nested(frame: Frame) -> list[Frame]:
    return spaced([part for each in carried(cut(frame, 24), vxlan) for part in cut(each, 40)])


if __name__ == "__main__":
    make(Path(__file__).parent)
