import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    NEIGHBOUR,
    RESOLVER,
    SERVER,
    WORKSTATION,
    Exchange,
    a,
    aaaa,
    at,
    by_time,
    chatter,
    pcap,
    resolved,
    tcp,
    write,
)
from sysmon import EXPLORER, POWERSHELL, TELEGRAM, WINWORD, Log, in_order, lines

ASKED = "aPi.TELEgram.ORg"


def make(folder: Path) -> None:
    workstation, neighbour = Log(WORKSTATION, record=1_435_180), Log(NEIGHBOUR, record=88_040)

    workstation.started(WINWORD, at(-95))
    workstation.started(POWERSHELL, at(-2.5))
    workstation.asked(POWERSHELL, at(0.912))
    workstation.connected(POWERSHELL, at(0.95), SERVER, source_port=50412)
    workstation.asked(EXPLORER, at(6), "::ffff:192.0.2.30;", name="www.example.com")
    neighbour.started(TELEGRAM, at(-40))
    neighbour.asked(TELEGRAM, at(21.2))
    neighbour.ended(TELEGRAM, at(50))

    frames = chatter(WORKSTATION, RESOLVER, at(-20)) + chatter(NEIGHBOUR, RESOLVER, at(-12))
    frames += Exchange(WORKSTATION, RESOLVER, ASKED).both(
        at("0.589123"), [a(ASKED, BOT_SERVER, 300)], after=0.022751
    )
    frames += Exchange(WORKSTATION, RESOLVER, ASKED, "AAAA").both(
        at("0.590004"), [aaaa(ASKED, "2001:67c:4e8:f004::9", 300)], after=0.024
    )
    frames += [
        tcp(WORKSTATION, 50412, SERVER, 443, at(0.85)),
        tcp(SERVER, 443, WORKSTATION, 50412, at(0.88), "SA"),
        tcp(WORKSTATION, 50412, SERVER, 443, at(0.881), "A", 1001),
    ]
    frames += Exchange(WORKSTATION, RESOLVER, "www.example.com", turn=1).both(
        at(5), [a("www.example.com", "192.0.2.30")]
    )
    frames += resolved(NEIGHBOUR, RESOLVER, at(20.5))
    frames += chatter(NEIGHBOUR, RESOLVER, at(40))

    write(folder, "case.pcap", pcap(by_time(frames)))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
