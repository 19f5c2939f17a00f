import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from tunnels import FAR, NEAR, L2TPv3, carried


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "ipv4.pcap", pcap(carried(frames, with_cookie)))
    write(folder, "ipv6.pcap", pcap(carried(frames, bare, (NEAR.over_ip6, FAR.over_ip6))))


def with_cookie(frame: bytes) -> Any:
    return L2TPv3(session=1001, cookie=bytes.fromhex("c00c1e55")) / frame


def bare(frame: bytes) -> Any:
    return L2TPv3(session=1001) / frame


if __name__ == "__main__":
    make(Path(__file__).parent)
