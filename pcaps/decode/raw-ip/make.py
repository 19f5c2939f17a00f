import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write


def make(folder: Path) -> None:
    four = stripped(resolved(WORKSTATION, RESOLVER, at(0)))
    six = stripped(resolved(NEIGHBOUR.over_ip6, RESOLVER.over_ip6, at(10)))
    write(folder, "raw.pcap", pcap(four + six, link=101))
    write(folder, "dlt-raw.pcap", pcap(four + six, link=12))
    write(folder, "four.pcap", pcap(four, link=228))
    write(folder, "six.pcap", pcap(six, link=229))


def stripped(frames: list[Frame]) -> list[Frame]:
    return [replace(frame, data=frame.data[14:]) for frame in frames]


if __name__ == "__main__":
    make(Path(__file__).parent)
