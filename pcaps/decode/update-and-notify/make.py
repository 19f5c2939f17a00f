import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    BOT_SERVER,
    RESOLVER,
    UPSTREAM,
    WATCHED,
    WORKSTATION,
    Exchange,
    a,
    at,
    cname,
    pcap,
    write,
)

UPDATE, NOTIFY = 5, 4


def make(folder: Path) -> None:
    update = Exchange(WORKSTATION, RESOLVER, "telegram.org", "SOA")
    notify = Exchange(UPSTREAM, RESOLVER, WATCHED, "SOA")
    frames = [
        update.query(
            at(0),
            opcode=UPDATE,
            rd=0,
            an=[a(WATCHED, BOT_SERVER)],
            ns=[cname("x.example", WATCHED)],
        ),
        update.response(at(0.02), opcode=UPDATE, rd=0, ra=0),
        notify.query(at(10), opcode=NOTIFY, rd=0, aa=1, an=[cname("x.example", WATCHED)]),
        notify.response(at(10.02), opcode=NOTIFY, rd=0, ra=0, aa=1),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
