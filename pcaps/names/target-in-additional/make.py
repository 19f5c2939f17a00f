import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, cname, pcap, write
from scapy.layers.dns import DNSRROPT


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "innocent.example", "A")
    more = [DNSRROPT(rclass=1232), cname("innocent.example", WATCHED)]
    frames = [ask.query(at(0)), ask.response(at(0.02), ar=more)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
