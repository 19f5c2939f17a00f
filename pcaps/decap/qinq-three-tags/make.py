import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import OLD_TAG, SERVICE_TAG, TAG, tagged


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(
        folder,
        "case.pcap",
        pcap([tagged(frame, (OLD_TAG, 300), (SERVICE_TAG, 200), (TAG, 10)) for frame in frames]),
    )


if __name__ == "__main__":
    make(Path(__file__).parent)
