import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    SERVER,
    UPSTREAM,
    WORKSTATION,
    Connection,
    at,
    pcap,
    prefixed,
    query_of,
    resolved,
    udp,
    wire,
    write,
)

QUERY_OCTETS = query_of()
PAYLOADS = (
    b"<30>Mar 14 09:26:53 gw01 squid: CONNECT api.telegram.org:443",
    b"GET / HTTP/1.1\r\nHost: api.telegram.org\r\n\r\n",
    b"\x16\x03\x01\x00\x40\x01\0\0\x3c\0\0\0\x15\0\x13\0\0\x10api.telegram.org",
    b"\0\1\0\0" + wire(b"api", b"telegram", b"org") + b"\0\1\0\1",
    prefixed(QUERY_OCTETS),
)


def make(folder: Path) -> None:
    frames = [
        udp(WORKSTATION, 50000 + number, UPSTREAM, 4433, payload, at(number))
        for number, payload in enumerate(PAYLOADS)
    ]
    link = Connection(WORKSTATION, SERVER, server_port=443)
    frames += [*link.opened(at(10)), link.to_server(at(10.003), PAYLOADS[2])]
    frames += resolved(WORKSTATION, RESOLVER, at(20), qname="www.example.com")
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
