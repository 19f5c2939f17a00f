import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, UPSTREAM, WATCHED, WORKSTATION, Exchange, a, at, cname, pcap, write
from scapy.layers.dns import DNSRROPT


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, UPSTREAM, server_port=443)
    answers = [cname(WATCHED, "edge.example"), a("edge.example", BOT_SERVER)]
    frames = [ask.query(at(0), ar=[DNSRROPT(rclass=1232)]), ask.response(at(0.02), answers)]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
