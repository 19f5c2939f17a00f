import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write


def make(folder: Path) -> None:
    query, response = resolved(WORKSTATION, RESOLVER, at(0))
    alert = bytes.fromhex("94040000")
    route = bytes.fromhex("072704") + bytes(37)
    write(folder, "case.pcap", pcap([lengthened(query, alert), lengthened(response, route)]))


def lengthened(frame: Frame, options: bytes) -> Frame:
    """Put options behind the IPv4 header of an Ethernet frame."""
    link, header, rest = frame.data[:14], frame.data[14:34], frame.data[34:]
    first = 0x40 | (20 + len(options)) // 4
    total = int.from_bytes(header[2:4], "big") + len(options)
    longer = struct.pack("!BBH", first, 0, total) + header[4:] + options
    return replace(frame, data=link + longer + rest)


if __name__ == "__main__":
    make(Path(__file__).parent)
