import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, pcapng, resolved, write


def make(folder: Path) -> None:
    frames = [
        frame
        for number in range(4)
        for frame in resolved(WORKSTATION, RESOLVER, at(number * 10), turn=number)
    ]
    write(folder, "sent.pcap", pcap(frames[0::2]))
    write(folder, "got.pcapng", pcapng(frames[1::2]))
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
