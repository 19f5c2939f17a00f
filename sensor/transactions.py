"""Pair DNS queries with their responses.

A query waits under (client, server, transport, id, opcode, question) until its response passes,
or until 15 s of event time have gone by since its last repeat. Nothing here reads a clock.

A transaction is told as it grows: each change yields it anew, with the same `identity`, so that
what comes after need not wait for the end; last of all with `closed`. The endings besides the
happy one:

  unanswered   the time-out passed                  (the response may yet come: see *late*)
  late         the response came after the time-out: a transaction of its own
  unsolicited  a response that no query here asked for (the tap sees one direction only)

The message id alone is no key: 16 bits repeat within seconds on a busy resolver, and an attacker
guesses them (RFC 5452). The opcode is part of it, or a NOTIFY sent ahead would hide the query.

A response without the question answers nothing here: which of a client's queries it means would
depend on messages that nobody had to keep.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias

import msgspec

from sensor.anomalies import Anomaly
from sensor.deadlines import Deadlines
from sensor.dns.message import Message
from sensor.stage import END, SECOND, Nanoseconds

# Windows' resolver gives up after 12 s or so, and asks the same question again until then.
TIMEOUT: Final = 15 * SECOND

# An answered query is remembered as long for the second answer to its repeat, a timed-out one
# for its late answer.
LINGER: Final = 15 * SECOND

# About a kilobyte and a half each; a million queries a second without any answer would fill it in
# a tenth of a second, and the oldest then leave as unanswered.
MOST: Final = 100_000

Questions: TypeAlias = tuple[tuple[str, str, str], ...]


class Key(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """What a query and its response have in common."""

    client_ip: str
    client_port: int
    server_ip: str
    server_port: int
    transport: str
    message_id: int
    opcode: str
    questions: Questions


TransactionIdentity: TypeAlias = tuple[Key, Nanoseconds, int]


class Outcome(StrEnum):
    """How a transaction stands."""

    PENDING = "pending"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    LATE = "late"
    UNSOLICITED = "unsolicited"


# What a response that comes after the time-out was waited for in. (Pending: the time-out has
# passed by the packets' own times only.)
AWAITED: Final = frozenset({Outcome.PENDING, Outcome.UNANSWERED, Outcome.LATE})


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """A query with its response, or either alone.

    `first` and `last` are the times of its first and last packet, `began` that of the packet that
    began it; `since` is the `now` at which it did, and with `nth` its identity. `query` is the
    earliest query, `response` the response that came first; `queries` and `responses` count the
    packets. `message` is the one that brought this change, None when time did. `closed` says that
    nothing will change it any more.
    """

    at: Nanoseconds
    key: Key
    began: Nanoseconds
    since: Nanoseconds
    nth: int
    first: Nanoseconds
    last: Nanoseconds
    outcome: Outcome
    query: Message | None
    response: Message | None
    queries: int = 0
    responses: int = 0
    message: Message | None = None
    closed: bool = False

    @property
    def identity(self) -> TransactionIdentity:
        return self.key, self.since, self.nth

    @property
    def client(self) -> tuple[str, int]:
        return self.key.client_ip, self.key.client_port

    @property
    def server(self) -> tuple[str, int]:
        return self.key.server_ip, self.key.server_port

    @property
    def transport(self) -> str:
        return self.key.transport

    @property
    def message_id(self) -> int:
        return self.key.message_id

    @property
    def opcode(self) -> str:
        return self.key.opcode


class Transactions:
    """The stage that pairs.

    A double (see `sensor.doubles`) is not counted again, and a cousin's message (see
    `sensor.dns.cousins`) pairs with nothing: many may answer it, or none, and under no id.
    """

    key: ClassVar[str] = "client"

    def __init__(self) -> None:
        self._held: OrderedDict[Key, Transaction] = OrderedDict()
        self._deadlines: Deadlines[Key] = Deadlines()
        self._now: Nanoseconds = 0
        self.evicted = 0

    def __call__(self, items: Iterable[Message], now: Nanoseconds) -> Iterator[Transaction]:
        for message in items:
            yield from self._settle(max(self._now, message.at))
            is_double = Anomaly.MIRRORED_DUPLICATE in message.anomalies
            if message.protocol == "dns" and not is_double:
                yield from self._take(message)
        yield from self._settle(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    def _take(self, message: Message) -> Iterator[Transaction]:
        key = _key(message)
        held = self._held.get(key)
        grown = None if held is None else _grown(held, message, self._now)
        if grown is not None:
            yield self._hold(grown)
            return
        if held is not None:
            yield from self._end(held)
        yield self._hold(_begun(key, held, message, self._now))
        if len(self._held) > MOST:
            self.evicted += 1
            yield from self._end(next(iter(self._held.values())))

    def _hold(self, transaction: Transaction) -> Transaction:
        """Keep it for as long as more may come, counted from the `now` of its last change."""
        wait = TIMEOUT if transaction.outcome is Outcome.PENDING else LINGER
        self._held[transaction.key] = transaction
        self._deadlines.set(transaction.key, transaction.at + wait + 1)
        return transaction

    def _settle(self, now: Nanoseconds) -> Iterator[Transaction]:
        """Let go of what has waited long enough: each at its own time, in order."""
        for due, key in self._deadlines.due(now):
            if now != END:
                self._now = max(self._now, due)
            held = self._held[key]
            if held.outcome is Outcome.PENDING:
                yield self._hold(_unanswered(held, self._now))
            else:
                yield from self._end(held)
        if now != END:
            self._now = max(self._now, now)

    def _end(self, held: Transaction) -> Iterator[Transaction]:
        """Let go of one; a query that still waits ends unanswered."""
        del self._held[held.key]
        self._deadlines.drop(held.key)
        if held.outcome is Outcome.PENDING:
            held = _unanswered(held, self._now)
            yield held
        yield msgspec.structs.replace(held, at=self._now, message=None, closed=True)


def _grown(held: Transaction, message: Message, now: Nanoseconds) -> Transaction | None:
    """Add a message to its transaction; None where it begins one of its own.

    Within the time-out it goes by the packets' own times, whatever order they were captured in.
    """
    if not held.first - TIMEOUT <= message.at <= held.last + TIMEOUT:
        return None
    is_response = message.dns.qr
    belongs = _is_answer(held) if is_response else _is_repeat(held, message)
    if not belongs:
        return None
    query, response = held.query, held.response
    if is_response:
        response = response or message
    elif query is None or message.at < query.at:
        query = message
    return msgspec.structs.replace(
        held,
        at=now,
        first=min(held.first, message.at),
        last=max(held.last, message.at),
        outcome=Outcome.PENDING if response is None else Outcome.ANSWERED,
        query=query,
        response=response,
        queries=held.queries + (not is_response),
        responses=held.responses + is_response,
        message=message,
    )


def _is_repeat(held: Transaction, query: Message) -> bool:
    """Say whether a query belongs: only until the answer, and none where nobody answered."""
    asked, answered = held.query, held.response
    if answered is None:
        return held.outcome is Outcome.PENDING
    if asked is None:  # captured in the wrong order
        return query.at <= answered.at
    return query.at < answered.at


def _is_answer(held: Transaction) -> bool:
    """Say whether a response belongs; one that nobody asked for stands by itself."""
    return held.query is not None and held.outcome is not Outcome.UNANSWERED


def _unanswered(held: Transaction, at: Nanoseconds) -> Transaction:
    return msgspec.structs.replace(held, at=at, outcome=Outcome.UNANSWERED, message=None)


def _begun(key: Key, before: Transaction | None, message: Message, now: Nanoseconds) -> Transaction:
    """Begin a transaction with a message; `before` is what was held under its key."""
    is_response = message.dns.qr
    is_late = (
        before is not None and before.outcome in AWAITED and message.at > before.first + TIMEOUT
    )
    outcome = Outcome.LATE if is_late else Outcome.UNSOLICITED
    return Transaction(
        at=now,
        key=key,
        began=message.at,
        since=now,
        nth=0 if before is None else before.nth + 1,
        first=message.at,
        last=message.at,
        outcome=outcome if is_response else Outcome.PENDING,
        query=None if is_response else message,
        response=message if is_response else None,
        queries=0 if is_response else 1,
        responses=1 if is_response else 0,
        message=message,
    )


def _key(message: Message) -> Key:
    dns = message.dns
    client_ip, client_port, server_ip, server_port = (
        (message.dst, message.dport, message.src, message.sport)
        if dns.qr
        else (message.src, message.sport, message.dst, message.dport)
    )
    return Key(
        client_ip,
        client_port,
        server_ip,
        server_port,
        message.transport,
        dns.id,
        dns.opcode,
        tuple([(q.qname, q.qtype, q.qclass) for q in dns.questions]),
    )
