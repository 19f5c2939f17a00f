import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write

NAMES = (
    "x.api.telegram.org",
    "telegram.org",
    "web.telegram.org",
    "api.telegram.org.example",
    "xapi.telegram.org",
    "nottelegram.org",
    ".",
)


def make(folder: Path) -> None:
    frames = []
    for number, name in enumerate(NAMES):
        frames += resolved(WORKSTATION, RESOLVER, at(number * 10), qname=name)
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
