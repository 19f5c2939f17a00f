import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, pcapng, resolved, write


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at("0.123456789"))
    write(folder, "case.pcap", pcap(frames, big_endian=True))
    write(folder, "case.pcapng", pcapng(frames, big_endian=True))


if __name__ == "__main__":
    make(Path(__file__).parent)
