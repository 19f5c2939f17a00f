import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, copied, hopped, pcap, resolved, write


def make(folder: Path) -> None:
    frames = []
    for frame in resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0)):
        frames += [frame, copied(hopped(frame), vlan=20)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
