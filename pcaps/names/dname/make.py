import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, Exchange, at, cname, dname, pcap, write


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER, "www.old.example", "A")
    below = cname("www.old.example", f"www.{WATCHED}")
    frames = ask.both(at(0), [dname("old.example", WATCHED), below])
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
