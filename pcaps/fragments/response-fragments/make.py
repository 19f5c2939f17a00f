import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write
from pieces import cut
from scapy.layers.dns import DNSRROPT


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    query = ask.query(at(0), ar=[DNSRROPT(rclass=4096)])
    addresses = [a(WATCHED, f"149.154.167.{number}") for number in range(100, 200)]
    response = ask.response(at("0.02"), addresses, ar=[DNSRROPT(rclass=4096)])
    write(folder, "case.pcap", pcap([query, *cut(response, 1480)]))


if __name__ == "__main__":
    make(Path(__file__).parent)
