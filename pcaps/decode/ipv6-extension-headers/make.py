import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write

HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION.over_ip6, RESOLVER.over_ip6, at(0))
    padding = bytes.fromhex("010400000000")
    there = [
        (HOP_BY_HOP, b"\0" + padding),
        (OPTIONS, b"\1" + padding + bytes.fromhex("0106000000000000")),
        (ROUTING, b"\0" + bytes.fromhex("040000000000")),
    ]
    back = [(FRAGMENT, bytes.fromhex("00000012345678"))]
    write(folder, "case.pcap", pcap([extended(query, there), extended(response, back)]))


def extended(frame: Frame, headers: list[tuple[int, bytes]]) -> Frame:
    """Put extension headers (type, all behind the next header's number) behind the IPv6 header."""
    link, header, rest = frame.data[:14], frame.data[14:54], frame.data[54:]
    following = [kind for kind, _ in headers[1:]] + [header[6]]
    chain = b"".join(bytes([n]) + body for n, (_, body) in zip(following, headers, strict=True))
    length = struct.pack("!H", len(chain) + len(rest))
    first = header[:4] + length + bytes([headers[0][0]]) + header[7:]
    return replace(frame, data=link + first + chain + rest)


if __name__ == "__main__":
    make(Path(__file__).parent)
