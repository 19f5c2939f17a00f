import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, RESOLVER, WORKSTATION, Frame, Interface, at, pcapng, resolved, write

INTERFACES = (Interface("span0"), Interface("span1"))


def make(folder: Path) -> None:
    frames = []
    for frame in (
        *resolved(WORKSTATION, RESOLVER, at(0)),
        *resolved(NEIGHBOUR.over_ip6, RESOLVER.over_ip6, at(10)),
    ):
        frames += [frame, routed(frame)]
    write(folder, "case.pcapng", pcapng(frames, INTERFACES))


def routed(frame: Frame) -> Frame:
    """The packet behind the router: TTL less one, VLAN 20, the other interface, 40 µs later."""
    hops = 21 if frame.data[12:14] == b"\x86\xdd" else 22
    data = frame.data[:12] + bytes.fromhex("81000014") + frame.data[12:hops]
    data += bytes([frame.data[hops] - 1]) + frame.data[hops + 1 :]
    return Frame(frame.at + 40_000, data, interface=1)


if __name__ == "__main__":
    make(Path(__file__).parent)
