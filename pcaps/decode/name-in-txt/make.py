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
    Frame,
    a,
    at,
    pcap,
    txt,
    write,
)
from scapy.layers.dns import DNSQR, DNSRR, DNSRRMX


def make(folder: Path) -> None:
    def to(qtype: str | int, number: int, answers: list[Any], **more: Any) -> list[Frame]:
        ask = Exchange(WORKSTATION, RESOLVER, "example.com", turn=number)
        asked = {"qd": [DNSQR(qname="example.com", qtype=qtype)]}
        more |= asked
        return [ask.query(at(number), **asked), ask.response(at(number + 0.02), answers, **more)]

    mail = DNSRRMX(rrname="example.com", ttl=27, preference=10, exchange=WATCHED)
    servers = DNSRR(rrname="example.com", type="NS", ttl=27, rdata=WATCHED)
    opaque = DNSRR(rrname="example.com", type=65400, ttl=27, rdata=b"\x03api\x08telegram\x03org\0")
    frames = to("TXT", 0, [txt("example.com", "see api.telegram.org")])
    frames += to("MX", 10, [mail], ar=[a(WATCHED, BOT_SERVER)])
    frames += to("NS", 20, [servers], ar=[a(WATCHED, BOT_SERVER)])
    frames += to(65400, 30, [opaque])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
