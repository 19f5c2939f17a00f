import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write

ARCNET = 129  # a link type


def make(folder: Path) -> None:
    head = bytes.fromhex("2935 0000 d4 00 0001")  # from 29 to 35, IPv4, whole, number 1
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(
        folder,
        "case.pcap",
        pcap([replace(f, data=head + f.data[14:]) for f in frames], link=ARCNET),
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
