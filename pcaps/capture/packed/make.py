import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write


def make(folder: Path) -> None:
    plain = pcap(resolved(WORKSTATION, RESOLVER, at(0)))
    write(folder, "case.pcap", plain)
    write(folder, "case.pcap.gz", gzip(plain))
    write(folder, "case.pcap.xz", xz(plain))
    write(folder, "case.pcap.zst", zstd(plain))
    write(folder, "packed", gzip(plain))


def gzip(octets: bytes) -> bytes:
    """One stored block (RFC 1952, RFC 1951 §3.2.4)."""
    head = bytes.fromhex("1f8b08000000000000ff")
    body = struct.pack("<BHH", 1, len(octets), len(octets) ^ 0xFFFF) + octets
    return head + body + struct.pack("<II", zlib.crc32(octets), len(octets))


def xz(octets: bytes) -> bytes:
    """One block of one LZMA2 chunk without compression (The .xz File Format 1.1.0)."""
    flags = b"\x00\x01"  # the check is CRC32
    head = b"\xfd7zXZ\x00" + flags + crc(flags)
    block_head = bytes.fromhex("020021011600000000")[:8]  # LZMA2, a dictionary of 8 MiB
    chunk = struct.pack(">BH", 1, len(octets) - 1) + octets + b"\0"
    unpadded = len(block_head) + 4 + len(chunk) + 4
    framed = block_head + crc(block_head) + chunk + bytes(-len(chunk) % 4) + crc(octets)
    index = b"\0\1" + varint(unpadded) + varint(len(octets))
    index += bytes(-len(index) % 4)
    backward = struct.pack("<I", (len(index) + 4) // 4 - 1)
    foot = crc(backward + flags) + backward + flags + b"YZ"
    return head + framed + index + crc(index) + foot


def zstd(octets: bytes) -> bytes:
    """One raw block of a single segment (RFC 8878 §3.1.1)."""
    size = struct.pack("<I", len(octets))
    raw = struct.pack("<I", len(octets) << 3 | 1)[:3] + octets
    return bytes.fromhex("28b52ffda0") + size + raw


def crc(octets: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(octets))


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


if __name__ == "__main__":
    make(Path(__file__).parent)
