import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "case.pcap", pcap([replace(f, data=spoiled(f.data)) for f in frames]))


def spoiled(data: bytes) -> bytes:
    """Overwrite the checksums of IPv4 (octet 10) and UDP (octet 6)."""
    return data[:24] + b"\xde\xad" + data[26:40] + b"\xbe\xef" + data[42:]


if __name__ == "__main__":
    make(Path(__file__).parent)
