import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    at,
    pcap,
    prefixed,
    query_of,
    response_of,
    write,
)
from pieces import cut, payload, piece, spaced


def make(folder: Path) -> None:
    tcp = Connection(WORKSTATION, RESOLVER)
    opened = tcp.opened(at(0))
    query = tcp.to_server(at("0.02"), prefixed(query_of()))
    response = tcp.to_client(at("0.03"), prefixed(response_of()))
    answered = spaced(cut(response, 16, 40)[::-1])
    write(folder, "case.pcap", pcap([*opened, *cut(query, 8, 40), *answered]))

    other = payload(tcp.to_server(at("0.02"), prefixed(query_of("www.telegram.org"))))
    borrowed = other[:16] + payload(query)[16:18] + other[18:]
    parts = [piece(query, 0, 40, borrowed), piece(query, 0, 40), piece(query, 40)]
    write(folder, "forged.pcap", pcap([*opened, *spaced(parts), *answered]))


if __name__ == "__main__":
    make(Path(__file__).parent)
