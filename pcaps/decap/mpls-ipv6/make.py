import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import MPLS, labels, retyped


def make(folder: Path) -> None:
    for name, null, client, server in (
        ("ipv4.pcap", 0, WORKSTATION, RESOLVER),
        ("ipv6.pcap", 2, WORKSTATION.over_ip6, RESOLVER.over_ip6),
    ):
        frames = resolved(client, server, at(0))
        labelled = [retyped(f, MPLS, labels(16001, null) + f.data[14:]) for f in frames]
        write(folder, name, pcap(labelled))


if __name__ == "__main__":
    make(Path(__file__).parent)
