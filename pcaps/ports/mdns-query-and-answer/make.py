import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, WORKSTATION, Host, at, octets, pcap, question, record, udp, wire, write

MDNS = Host("", "224.0.0.251", "01:00:5e:00:00:fb")


def make(folder: Path) -> None:
    printer = wire(b"_ipp", b"_tcp", b"local")
    watched = wire(b"api", b"telegram", b"org")
    known = record(b"\xc0\x0c", 12, b"\x04scan\xc0\x0c", 4500)
    query = octets(0, [question(printer, 12, 0x8001), question(watched)], [known])
    host = wire(b"FIN-WS-0232", b"local")
    answers = [
        record(host, 1, bytes([10, 20, 30, 42]), 120, 0x8001),
        record(watched, 1, bytes([149, 154, 167, 220]), 120, 0x8001),
    ]
    frames = [
        udp(WORKSTATION, 5353, MDNS, 5353, _unnumbered(query), at(0)),
        udp(NEIGHBOUR, 5353, MDNS, 5353, _unnumbered(octets(0x8400, [], answers)), at(0.02)),
    ]
    write(folder, "case.pcap", pcap(frames))


def _unnumbered(payload: bytes) -> bytes:
    """Multicast messages have id 0 (RFC 6762 §18.1)."""
    return b"\0\0" + payload[2:]


if __name__ == "__main__":
    make(Path(__file__).parent)
