import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from pieces import cut, spaced
from tunnels import TAG, tagged


def make(folder: Path) -> None:
    query, response = (cut(frame, 24) for frame in resolved(WORKSTATION, RESOLVER, at(0)))
    seen = [tagged(part, (TAG, vlan)) for part, vlan in zip(query, (10, 20), strict=True)]
    back = [tagged(part, (TAG, vlan)) for part, vlan in zip(response, (10, 20), strict=True)]
    write(folder, "case.pcap", pcap([*seen, *spaced(back[::-1])]))


if __name__ == "__main__":
    make(Path(__file__).parent)
