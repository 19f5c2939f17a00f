import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import carried, packet_of


def make(folder: Path) -> None:
    write(
        folder,
        "case.pcap",
        pcap(carried(resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0)), packet_of)),
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
