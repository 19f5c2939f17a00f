import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import FAR, NEAR, carried, packet_of


def make(folder: Path) -> None:
    frames = carried(
        resolved(WORKSTATION, RESOLVER, at(0)), packet_of, (NEAR.over_ip6, FAR.over_ip6)
    )
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
