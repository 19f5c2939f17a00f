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
    borrowed = forged[:6] + payload(query)[6:8] + forged[8:]
    genuine = [piece(query, 0, 24), piece(query, 24)]
    unchecked = [each[:6] + bytes(2) + each[8:] for each in (forged, payload(query))]
    captures = {
        "borrowed.pcap": [piece(query, 0, 24, borrowed), *genuine],
        "short.pcap": [genuine[0], piece(query, 24, None, payload(query)[:40]), genuine[1]],
        "unchecked.pcap": [
            *(piece(query, 0, 24, each) for each in unchecked),
            piece(query, 24),
        ],
        "right.pcap": [piece(query, 0, 24, forged), *genuine],
        "whole.pcap": [piece(query, 0, 24, forged), piece(query, 24, None, forged), *genuine],
    }
    for name, parts in captures.items():
        write(folder, name, pcap([*spaced(parts), response]))


if __name__ == "__main__":
    make(Path(__file__).parent)
