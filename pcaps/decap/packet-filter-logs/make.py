import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write

NFLOG, PFLOG = 239, 117  # link types


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    for name, order in (("little.pcap", "<"), ("big.pcap", ">")):
        logged = [replace(f, data=netfilter(f.data[14:], order)) for f in frames]
        write(folder, name, pcap(logged, link=NFLOG))
    logged = [replace(f, data=pf(f.data[14:])) for f in frames]
    write(folder, "pflog.pcap", pcap(logged, link=PFLOG))


def netfilter(packet: bytes, order: str) -> bytes:
    """Family IPv4, version 0, no group; the packet's type and hook, a prefix, then the packet."""
    attributes = ((1, bytes.fromhex("08000100")), (10, b"dns\0"), (9, packet))
    parts = [bytes([2, 0, 0, 0])]
    for kind, value in attributes:
        parts.append(struct.pack(order + "HH", 4 + len(value), kind) + value)
        parts.append(bytes(-len(value) % 4))
    return b"".join(parts)


def pf(packet: bytes) -> bytes:
    """61 octets and three to fill up: IPv4, passed, the interface, rule 5, users, direction in."""
    rule = struct.pack("!BBBB16s16sIIiiiiB3x", 61, 2, 0, 0, b"em0", b"", 5, 0, -1, -1, 0, 0, 1)
    return rule + packet


if __name__ == "__main__":
    make(Path(__file__).parent)
