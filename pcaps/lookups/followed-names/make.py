import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    cname,
    dname,
    https,
    pcap,
    write,
)
from scapy.layers.dns import DNSRRSVCB


def make(folder: Path) -> None:
    chain = [
        cname("a.innocent.example", "b.innocent.example"),
        cname("b.innocent.example", WATCHED),
        a(WATCHED, BOT_SERVER),
    ]
    owner = [cname("e.innocent.example", "x.example"), cname(WATCHED, "edge.example")]
    stories: list[tuple[str, str, dict[str, Any]]] = [
        ("a.innocent.example", "A", {"answers": chain}),
        ("api.old.example", "A", {"answers": [dname("old.example", WATCHED)]}),
        ("c.innocent.example", "HTTPS", {"answers": [https("c.innocent.example", WATCHED)]}),
        ("_dns.innocent.example", "SVCB", {"answers": [svcb("_dns.innocent.example", WATCHED)]}),
        ("d.innocent.example", "AAAA", {"ns": [cname("d.innocent.example", WATCHED)]}),
        ("e.innocent.example", "A", {"answers": owner}),
    ]
    frames = []
    for number, (name, qtype, fields) in enumerate(stories):
        ask = Exchange(WORKSTATION, RESOLVER, name, qtype)
        frames += [ask.query(at(number * 10)), ask.response(at(number * 10 + 0.02), **fields)]
    write(folder, "case.pcap", pcap(frames))


def svcb(name: str, target: str) -> DNSRRSVCB:
    return DNSRRSVCB(rrname=name, ttl=27, svc_priority=1, target_name=target)


if __name__ == "__main__":
    make(Path(__file__).parent)
