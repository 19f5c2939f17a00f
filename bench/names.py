"""The lookups of the captures: made-up names by popularity, their answers, and the watched name."""

import struct
from typing import Final

import numpy as np

from bench import wire
from bench.captures import Column, Packets
from bench.draw import CLIENTS, Draw
from bench.wire import UDP

# Every so many messages a name of its own, with about three records of its own: of the records in
# all responses (half the messages) at most one in a hundred is new.
MESSAGES_A_NAME: Final = 400
FEWEST_NAMES: Final = 10

WATCHED: Final = "api.telegram.org"
WATCHED_SHARE: Final = 0.001
WATCHED_QTYPES: Final = {"A": 0.6, "AAAA": 0.2, "HTTPS": 0.2}
WATCHED_CLIENTS: Final = 48

QTYPES: Final = {"A": 0.6, "AAAA": 0.25, "HTTPS": 0.1, "TXT": 0.03, "PTR": 0.02}
CHAIN: Final = {0: 0.65, 1: 0.2, 2: 0.1, 3: 0.05}  # CNAMEs that an answer begins with
RECORDS: Final = {1: 0.5, 2: 0.25, 4: 0.2, 8: 0.05}  # of the type asked for, of A and AAAA
NO_SUCH_NAME: Final = 0.1
EDNS: Final = 0.6
OVER_IPV6: Final = 0.2
MIXED_CASE: Final = 0.05  # some resolvers write names so (draft-vixie-dnsext-dns0x20)

RESOLVER4: Final = bytes([10, 10, 0, 53])
RESOLVER6: Final = bytes.fromhex("fd000000000000020000000000000053")

HOSTS: Final = ("", "www.", "api.", "cdn.", "static-assets.", "mail.", "ec2-{}.", "{}.eu-west-1.")
SUFFIXES: Final = ("com", "net", "org", "io", "de", "co.uk", "cloud", "app")
SYLLABLES: Final = (
    *("ka", "lo", "mi", "ren", "tor", "vex", "sun", "bar"),
    *("qui", "del", "pho", "str", "ing", "ate", "wen", "do"),
)

# Most answers come from a cache, some have to be asked for further on: in microseconds.
LATENCY: Final = {"mean": 7.5, "sigma": 1.2}
LATENCY_RANGE: Final = (100, 900_000)


class Names:
    """As many names as go with so many messages, each with its query and its response."""

    def __init__(self, draw: Draw, messages: int) -> None:
        self._draw = draw
        self._common = max(FEWEST_NAMES, messages // MESSAGES_A_NAME)
        self.wires = [
            *(self._wire(self._name(), draw.one(QTYPES)) for _ in range(self._common)),
            *(self._wire(WATCHED, qtype) for qtype in WATCHED_QTYPES),
        ]
        pairs = [self._pair(query, response) for query, response in self.wires]
        self._queries, self._responses = np.array(pairs).T
        weights = 1 / np.arange(1, self._common + 1)  # Zipf's law
        self._shares = weights / weights.sum()

    def popular(self, count: int) -> Column:
        """Draw places in `wires` by popularity, none of them watched."""
        return self._draw.random.choice(self._common, count, p=self._shares)

    def pairs(self, count: int, span: float) -> Packets:
        """Draw queries with their responses, as many watched as the share says."""
        random = self._draw.random
        which = self.popular(count)
        client = random.integers(0, CLIENTS, count)
        watched = random.choice(count, round(count * WATCHED_SHARE), replace=False)
        qtypes = random.choice(len(WATCHED_QTYPES), len(watched), p=list(WATCHED_QTYPES.values()))
        which[watched] = self._common + qtypes
        client[watched] = random.integers(0, WATCHED_CLIENTS, len(watched))
        at = self._draw.times(count, span)
        latency = np.clip(random.lognormal(size=count, **LATENCY), *LATENCY_RANGE).astype(np.int64)
        shared = {
            "client": client,
            "port": random.integers(1024, 65536, count),
            "word": random.integers(0, 65536, count),
        }
        return Packets.joined(
            [
                self._draw.packets(self._queries[which], at, **shared),
                self._draw.packets(self._responses[which], at + latency, **shared),
            ]
        )

    def _wire(self, qname: str, qtype: str) -> tuple[bytes, bytes]:
        """Spell a query and its response."""
        edns = self._draw.is_so(EDNS)
        is_watched = qname == WATCHED
        if self._draw.is_so(MIXED_CASE) and not is_watched:
            upper = self._draw.random.random(len(qname)) < 1 / 2
            qname = "".join(c.upper() if up else c for c, up in zip(qname, upper, strict=True))
        query = wire.query(qname, qtype, edns=edns)
        if self._draw.is_so(NO_SUCH_NAME) and not is_watched:
            return query, wire.response(qname, qtype, [], [], edns=edns)
        chain = [self._name() for _ in range(0 if is_watched else self._draw.one(CHAIN))]
        return query, wire.response(qname, qtype, chain, self._answers(qtype), edns=edns)

    def _pair(self, query: bytes, response: bytes) -> tuple[int, int]:
        resolver = RESOLVER6 if self._draw.is_so(OVER_IPV6) else RESOLVER4
        asked = wire.packet(UDP, resolver, 53, query, sent=True, word=0)
        told = wire.packet(UDP, resolver, 53, response, sent=False, word=0)
        return (
            self._draw.add(wire.ethernet(asked)),
            self._draw.add(wire.ethernet(told, sent=False)),
        )

    def _name(self) -> str:
        random = self._draw.random
        host = HOSTS[int(random.integers(len(HOSTS)))].format(random.bytes(5).hex())
        word = "".join(random.choice(SYLLABLES, int(random.integers(2, 6))))
        return f"{host}{word}.{SUFFIXES[int(random.integers(len(SUFFIXES)))]}"

    def _answers(self, qtype: str) -> list[bytes]:
        """Records' data of a type."""
        random = self._draw.random
        if qtype == "PTR":
            return [wire.name(self._name())]
        if qtype == "TXT":
            text = random.bytes(20).hex().encode()
            return [bytes([len(text)]) + text]
        if qtype == "HTTPS":  # RFC 9460 §2.2: priority, the owner itself, alpn h2
            return [struct.pack("!HBHHB", 1, 0, 1, 3, 2) + b"h2"]
        count = self._draw.one(RECORDS)
        if qtype == "AAAA":
            return [bytes.fromhex("20010db8") + random.bytes(12) for _ in range(count)]
        return [bytes([203, 0]) + random.bytes(2) for _ in range(count)]
