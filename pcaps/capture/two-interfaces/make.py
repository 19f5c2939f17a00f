import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    RESOLVER,
    WATCHED,
    WORKSTATION,
    Exchange,
    Interface,
    a,
    at,
    pcapng,
    write,
)

INTERFACES = (Interface("span0"), Interface("tun0", link=101, resolution=3))


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    query = ask.query(at("0.000000001"))
    response = ask.response(at("0.0309"), [a(WATCHED, BOT_SERVER)])
    raw = replace(response, data=response.data[14:], interface=1)
    write(folder, "case.pcapng", pcapng([query, raw], INTERFACES))


if __name__ == "__main__":
    make(Path(__file__).parent)
