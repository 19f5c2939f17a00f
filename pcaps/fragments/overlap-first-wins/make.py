import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, WATCHED, WORKSTATION, Exchange, a, at, pcap, write
from pieces import payload, piece, spaced

DECOY = "www.telegram.org"  # as long, and the same from the 24th octet on


def make(folder: Path) -> None:
    ask = Exchange(WORKSTATION, RESOLVER)
    decoy = replace(ask, qname=DECOY, id=ask.message_id, port=ask.client_port)
    query, response = ask.both(at(0), [a(WATCHED, BOT_SERVER)])
    forged = payload(decoy.query(at(0)))
    parts = [piece(query, 0, 24), piece(query, 8, 24, forged), piece(query, 24)]
    write(folder, "case.pcap", pcap([*spaced(parts), response]))


if __name__ == "__main__":
    make(Path(__file__).parent)
