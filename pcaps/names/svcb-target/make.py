import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, pcap, write
from scapy.layers.dns import DNSRRSVCB


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "_dns.innocent.example", "SVCB")
    target = DNSRRSVCB(rrname="_dns.innocent.example", ttl=27, svc_priority=1, target_name=WATCHED)
    frames = ask.both(at(0), [target])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
