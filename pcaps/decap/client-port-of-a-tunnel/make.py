import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, Frame, a, at, pcap, write

# A port, and an id like its header: the VXLAN flag of a valid network, Geneve version 0, a GTP
# packet, L2TP version 3, a Teredo indication, TZSP version 1.
TUNNELS = (
    (4789, 0x0801),
    (8472, 0x0800),
    (4790, 0x0C01),
    (6081, 0x0001),
    (2152, 0x30FF),
    (1701, 0x0003),
    (3544, 0x0001),
    (37008, 0x0100),
)


def make(folder: Path) -> None:
    frames: list[Frame] = []
    for turn, (port, identification) in enumerate(TUNNELS):
        ask = Exchange(WORKSTATION, RESOLVER, port=port, id=identification)
        frames += ask.both(at(turn * 10), [a(WATCHED, BOT_SERVER)])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
