"""The sensor as a first sketch has it: a loop over the packets with dpkt, or with scapy.

    python bench/loops.py dpkt|scapy FILE

Prints how many messages there were, and how many of them concern the watched name.
"""

import sys
from pathlib import Path
from typing import Final

WATCHED: Final = "api.telegram.org"


def with_dpkt(path: str) -> tuple[int, int]:
    import dpkt  # noqa: PLC0415  (neither waits for the other's import)

    messages = found = 0
    with Path(path).open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            try:
                datagram = dpkt.ethernet.Ethernet(frame).data.data
                if not isinstance(datagram, dpkt.udp.UDP) or 53 not in (
                    datagram.sport,
                    datagram.dport,
                ):
                    continue
                message = dpkt.dns.DNS(datagram.data)
            except (dpkt.UnpackError, AttributeError, UnicodeDecodeError):
                continue
            messages += 1
            names = [question.name for question in message.qd]
            names += [record.name for record in message.an]
            names += [record.cname for record in message.an if record.type == dpkt.dns.DNS_CNAME]
            found += any(name.lower() == WATCHED for name in names)
    return messages, found


def with_scapy(path: str) -> tuple[int, int]:
    import scapy.layers.inet6  # noqa: PLC0415  (IPv6)
    import scapy.layers.l2  # noqa: F401, PLC0415  (Ethernet)
    from scapy.layers.dns import DNS  # noqa: PLC0415
    from scapy.utils import PcapReader  # noqa: PLC0415

    messages = found = 0
    with PcapReader(path) as packets:
        for packet in packets:
            if DNS not in packet:
                continue
            messages += 1
            message = packet[DNS]
            names = [question.qname for question in message.qd or ()]
            names += [record.rrname for record in message.an or ()]
            names += [record.rdata for record in message.an or () if record.type == 5]
            found += any(name.lower() == f"{WATCHED}.".encode() for name in names)
    return messages, found


LOOPS: Final = {"dpkt": with_dpkt, "scapy": with_scapy}


if __name__ == "__main__":
    print(*LOOPS[sys.argv[1]](sys.argv[2]))
