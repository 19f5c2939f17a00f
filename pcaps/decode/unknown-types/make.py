import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, udp, write
from scapy.layers.dns import DNSQR, DNSRR


def make(folder: Path) -> None:
    asked = b"\x07example\0" + struct.pack("!HH", 65400, 9)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 65400, 9, 300, 4) + b"\x01\x02\x03\xff"
    query = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + asked
    response = struct.pack("!6H", 7, 0x818C, 1, 1, 0, 0) + asked + record
    odd = struct.pack("!6H", 8, 7 << 11, 1, 0, 0, 0) + asked
    chaos = Exchange(WORKSTATION, RESOLVER, "version.bind", "TXT")
    named = DNSQR(qname="version.bind", qtype="TXT", qclass=3)
    told = DNSRR(rrname="version.bind", type="TXT", rclass=3, ttl=0, rdata=["9.18"])
    frames = [
        udp(WORKSTATION, 50000, RESOLVER, 53, query, at(0)),
        udp(RESOLVER, 53, WORKSTATION, 50000, response, at(0.02)),
        udp(WORKSTATION, 50001, RESOLVER, 53, odd, at(10)),
        chaos.query(at(20), qd=[named]),
        chaos.response(at(20.02), [told], qd=[named]),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
