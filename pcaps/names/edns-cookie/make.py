import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import QUERY, RESPONSE, at, exchanged, octets, pcap, question, record, wire, write


def make(folder: Path) -> None:
    asked = [question(wire(b"api", b"telegram", b"org"))]
    answer = record(b"\xc0\x0c", 1, bytes([149, 154, 167, 220]))
    sent = _opt((10, bytes.fromhex("0123456789abcdef")))
    back = _opt((10, bytes.fromhex("0123456789abcdef00112233445566778899aabbccddeeff")))
    query = octets(QUERY, asked, additionals=[sent])
    response = octets(RESPONSE, asked, [answer], additionals=[back])
    write(folder, "case.pcap", pcap(exchanged(query, response, at(0))))


def _opt(*options: tuple[int, bytes]) -> bytes:
    """An OPT record of 1,232 octets' UDP size (RFC 6891 §6.1.2)."""
    rdata = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return record(b"\0", 41, rdata, 0, 1232)


if __name__ == "__main__":
    make(Path(__file__).parent)
