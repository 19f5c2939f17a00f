import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, UPSTREAM, WORKSTATION, Exchange, at, packet, pcap, write
from scapy.layers.inet import ICMP
from scapy.packet import Raw


def make(folder: Path) -> None:
    query = Exchange(WORKSTATION, UPSTREAM).query(at(0))
    quoted = ICMP(type=3, code=3) / Raw(query.data[14:])
    write(folder, "case.pcap", pcap([packet(RESOLVER, WORKSTATION, quoted, at(0.02))]))


if __name__ == "__main__":
    make(Path(__file__).parent)
