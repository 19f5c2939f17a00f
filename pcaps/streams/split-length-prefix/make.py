import itertools
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    Frame,
    at,
    pcap,
    prefixed,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    first = prefixed(query_of("www.example.com", 8))
    queries = first + prefixed(query_of())
    before = prefixed(response_of("www.example.com", 8))
    responses = before + prefixed(response_of())
    frames = link.opened(at(0))
    frames += _cut_behind(link.to_server, at(0.003), queries, 1, len(first) + 1)
    frames += _cut_behind(link.to_client, at(0.02), responses, 1, len(before) + 1)
    frames += link.closed(at(0.03), len(queries), len(responses))
    write(folder, "case.pcap", pcap(frames))


def _cut_behind(send: Callable[..., Frame], when: int, data: bytes, *ends: int) -> list[Frame]:
    cuts = itertools.pairwise((0, *ends, len(data)))
    return [
        send(when + number * 1_000_000, data[start:end], start)
        for number, (start, end) in enumerate(cuts)
    ]


if __name__ == "__main__":
    make(Path(__file__).parent)
