import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Interface, at, copied, pcapng, resolved, write

INTERFACES = (Interface("span0"), Interface("span1"))


def make(folder: Path) -> None:
    frames = []
    for frame in resolved(WORKSTATION, RESOLVER, at(0)):
        frames += [frame, copied(frame, interface=1)]
    write(folder, "case.pcapng", pcapng(frames, INTERFACES))


if __name__ == "__main__":
    make(Path(__file__).parent)
