import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, resolved, write

TRAILER = bytes.fromhex("5a5a5a5a")


def make(folder: Path) -> None:
    short = Exchange(WORKSTATION, RESOLVER, ".", "NS")
    frames = [*short.both(at(0)), *resolved(WORKSTATION, RESOLVER, at(10))]
    padded = [replace(f, data=f.data.ljust(60, b"\x5a") + TRAILER) for f in frames]
    write(folder, "case.pcap", pcap(padded))


if __name__ == "__main__":
    make(Path(__file__).parent)
