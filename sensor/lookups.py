"""Gather transactions into lookups: one client, one watched name, one wish to know.

Transactions of one client address for one name that begin within 2 s of the one before are one
lookup (A, AAAA, HTTPS, other servers), except that a second query of a type already answered,
with another id or port, begins a new one. A truncated answer over UDP answers nothing: the query
over TCP that follows belongs to the same lookup.

A lookup that matches only by its answer (`innocent.example` CNAME to the watched name) is told
from the matching responses alone, so that nothing ever depends on a query nobody had to keep.

A lookup is told as it grows, each time with the same `identity`, last of all with `closed`.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import ClassVar, Final, TypeAlias, TypeVar

import msgspec

from sensor.anomalies import Anomaly
from sensor.deadlines import Deadlines
from sensor.dns.message import Decoded, Message, Question, Record
from sensor.stage import END, SECOND, Nanoseconds
from sensor.transactions import Outcome, Transaction, TransactionIdentity
from sensor.watch import Match, Watch

JOIN: Final = 2 * SECOND

# A client that floods one name with unanswered queries would make one endless lookup; past this
# many transactions the next one begins a new lookup.
MOST_TRANSACTIONS: Final = 64

# No resolver answers a message with several questions (RFC 9619), and one could hold ten
# thousand; so many of its watched names make lookups, with so many types each.
MOST_QUESTIONS: Final = 16

# All that a lookup shows: twice the addresses that 4,096 octets hold, the most that is usually
# sent over UDP.
MOST_ANSWERS: Final = 512

# Open lookups, a few kilobytes each. Past it the oldest is closed early and counted.
MOST: Final = 50_000

T = TypeVar("T")

Identity: TypeAlias = tuple[str, str, str, Nanoseconds, int]
Place: TypeAlias = tuple[str, str, str]
Link: TypeAlias = tuple[str, str, TransactionIdentity]


class Flow(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """Client and server of the innermost packet; `transport` is `udp` or `tcp`."""

    client_ip: str
    client_port: int
    server_ip: str
    server_port: int
    transport: str


class Lookup(msgspec.Struct, frozen=True, gc=False):
    """One lookup as far as it is known.

    `identity` is (client address, qname, how it matched, `now` when it began, a running number).
    `outcome` is `answered`, `unanswered` or `response_only`; it may change until `closed`.
    `first` and `last` are the times of its first and last packet; a second answer to one query is
    not counted, for the client was content with the first. `flows` names every flow that
    carried it, the first one first. `matches` holds one match a rule, its first. `rtt` is the
    first answer's delay.
    """

    at: Nanoseconds
    identity: Identity
    first: Nanoseconds
    last: Nanoseconds
    flows: tuple[Flow, ...]
    qname: str
    wire_name: str
    qtypes: tuple[str, ...]
    qclass: str
    outcome: str
    matches: tuple[Match, ...]
    rcode: str | None = None
    flags: tuple[str, ...] = ()
    answers: tuple[Record, ...] = ()
    message_id: int = 0
    opcode: str = "QUERY"
    rtt: Nanoseconds | None = None
    path: tuple[str, ...] = ()
    vlans: tuple[int, ...] = ()
    interface: str = ""
    anomalies: tuple[Anomaly, ...] = ()
    closed: bool = False

    @property
    def client_ip(self) -> str:
        return self.flows[0].client_ip

    @property
    def resolved(self) -> tuple[str, ...]:
        """The addresses the answers resolve to, in their order."""
        return tuple(r.rdata for r in self.answers if r.type in ("A", "AAAA"))

    @property
    def addresses(self) -> frozenset[str]:
        """The same as a set, for comparing."""
        return frozenset(self.resolved)


class _Part(msgspec.Struct, frozen=True, gc=False):
    """What one transaction gives to a lookup; `qtypes` are all it asks of the question's name."""

    flow: Flow
    message_id: int
    question: Question
    qtypes: tuple[str, ...]
    began: Nanoseconds
    first: Nanoseconds
    last: Nanoseconds
    outcome: Outcome
    query: Message | None
    response: Message | None


class _Open(msgspec.Struct):
    """A lookup at hand; `until` is when nothing that begins can join it any more."""

    identity: Identity
    matches: dict[str, Match]
    parts: dict[TransactionIdentity, _Part]
    first_began: Nanoseconds
    last_began: Nanoseconds
    until: Nanoseconds = 0
    told: Lookup | None = None

    def spans(self, at: Nanoseconds) -> bool:
        return self.first_began - JOIN <= at <= self.last_began + JOIN

    def takes(self, part: _Part) -> bool:
        """Say whether a transaction that begins belongs to it."""
        return (
            self.spans(part.began)
            and len(self.parts) < MOST_TRANSACTIONS
            and not any(_is_done(before, part) for before in self.parts.values())
        )


class Lookups:
    """The stage that gathers. Only watched names pass it."""

    key: ClassVar[str] = "client"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._open: OrderedDict[Identity, _Open] = OrderedDict()
        self._current: dict[Place, Identity] = {}
        self._of: dict[Link, Identity] = {}
        self._deadlines: Deadlines[Identity] = Deadlines()
        self._now: Nanoseconds = 0
        self.evicted = 0

    def __call__(self, items: Iterable[Transaction], now: Nanoseconds) -> Iterator[Lookup]:
        for transaction in items:
            yield from self._close(max(self._now, transaction.at))
            if not transaction.closed:
                yield from self._take(transaction)
        yield from self._close(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    def _take(self, transaction: Transaction) -> Iterator[Lookup]:
        if transaction.opcode != "QUERY":  # UPDATE and NOTIFY look nothing up
            return
        asked: set[str] = set()
        for questions, matches in self._watched(transaction):
            asked.update(match.rule for match in matches)
            yield from self._grow(transaction, questions, matches)
        message = transaction.message
        if message is not None and message.dns.qr:
            found = self._watch.answered(message.dns)
            if matches := tuple(match for match in found if match.rule not in asked):
                yield from self._grow_by_answer(transaction, message, matches)

    def _watched(
        self, transaction: Transaction
    ) -> Iterator[tuple[tuple[Question, ...], tuple[Match, ...]]]:
        """Find the watched names that were asked, each with its questions."""
        told = transaction.query or transaction.response
        if told is not None and len(told.dns.questions) == 1:
            matches = self._watch.asked(told.dns.questions[0].qname)
            return iter([(told.dns.questions, matches)] if matches else [])
        by_name: dict[str, list[Question]] = {}
        for question in told.dns.questions if told is not None else ():
            by_name.setdefault(question.qname, []).append(question)
        found = (
            (tuple(questions[:MOST_QUESTIONS]), matches)
            for qname, questions in by_name.items()
            if (matches := self._watch.asked(qname))
        )
        return islice(found, MOST_QUESTIONS)

    def _grow(
        self,
        transaction: Transaction,
        questions: tuple[Question, ...],
        matches: tuple[Match, ...],
    ) -> Iterator[Lookup]:
        link = ("qname", questions[0].qname, transaction.identity)
        identity = self._of.get(link)
        if identity is None:
            if transaction.message is None or transaction.queries + transaction.responses != 1:
                return  # it changed after its lookup was closed
            part = _part(transaction, questions, _flow(transaction))
            place = (part.flow.client_ip, questions[0].qname, "qname")
            identity = self._place(place, part)
        else:
            flow = self._open[identity].parts[transaction.identity].flow
            part = _part(transaction, questions, flow)
        changed = transaction.message is not None and transaction.responses < 2
        yield from self._put(identity, matches, link, part, changed=changed)

    def _grow_by_answer(
        self, transaction: Transaction, response: Message, matches: tuple[Match, ...]
    ) -> Iterator[Lookup]:
        """Go by the response alone: what was paired with it must not matter here."""
        question = _answered_question(response.dns)
        place = (transaction.client[0], question.qname, "answer")
        link = ("answer", question.qname, (transaction.key, 0, 0))
        part = _Part(
            flow=_flow(transaction),
            message_id=response.dns.id,
            question=question,
            qtypes=(question.qtype,),
            began=response.at,
            first=response.at,
            last=response.at,
            outcome=Outcome.UNSOLICITED,
            query=None,
            response=response,
        )
        identity = self._of.get(link)
        held = None if identity is None else self._open[identity]
        if held is None or not held.spans(response.at):
            identity = self._place(place, part)
        else:  # the same response again
            before = held.parts[link[2]]
            if response.at >= before.first:
                return
            part = msgspec.structs.replace(before, first=response.at)
            identity = held.identity
        yield from self._put(identity, matches, link, part, changed=True)

    def _place(self, place: Place, part: _Part) -> Identity:
        """Find the lookup that a new transaction joins, or name a new one."""
        current = self._current.get(place)
        if current is None:
            return *place, self._now, 0
        return current if self._open[current].takes(part) else (*place, self._now, current[4] + 1)

    def _put(
        self,
        identity: Identity,
        matches: tuple[Match, ...],
        link: Link,
        part: _Part,
        *,
        changed: bool,
    ) -> Iterator[Lookup]:
        """Let a lookup grow by a part, new or known; tell it if a packet changed it."""
        held = self._open.get(identity)
        if held is None:
            held = self._open[identity] = _Open(identity, {}, {}, part.began, part.began)
            self._current[identity[:3]] = identity
        for match in matches:
            held.matches.setdefault(match.rule, match)
        before = held.parts.get(link[2])
        if before is None:
            held.first_began = min(held.first_began, part.began)
            held.last_began = max(held.last_began, part.began)
            held.until = self._now + JOIN + 1
            self._of[link] = identity
        held.parts[link[2]] = part
        self._deadlines.set(identity, _deadline(held))
        if changed:
            held.told = _told_again(held, before, part, self._now) or _told(held, self._now)
            yield held.told
        if len(self._open) > MOST:
            self.evicted += 1
            yield from self._end(next(iter(self._open.values())))

    def _close(self, now: Nanoseconds) -> Iterator[Lookup]:
        for due, identity in self._deadlines.due(now):
            if now != END:
                self._now = max(self._now, due)
            yield from self._end(self._open[identity])
        if now != END:
            self._now = max(self._now, now)

    def _end(self, held: _Open) -> Iterator[Lookup]:
        identity = held.identity
        del self._open[identity]
        self._deadlines.drop(identity)
        if self._current.get(identity[:3]) == identity:
            del self._current[identity[:3]]
        _, qname, how = identity[:3]
        for key in held.parts:
            if self._of.get((how, qname, key)) == identity:
                del self._of[how, qname, key]
        if held.told is not None:
            yield msgspec.structs.replace(held.told, at=self._now, closed=True)


def _deadline(held: _Open) -> Nanoseconds:
    """Tell when nothing can join any more: 2 s on, and every transaction settled."""
    for part in held.parts.values():
        if part.outcome is Outcome.PENDING:
            return END
    return held.until


def _is_done(before: _Part, part: _Part) -> bool:
    """Say whether what `part` asks had been answered; the very same query again is a repeat.

    A truncated answer over UDP is none: the client asks again over TCP (RFC 7766 §5), or the next
    server.
    """
    return (
        before.response is not None
        and not _is_cut(before.response)
        and before.response.at <= part.began
        and any(qtype in part.qtypes for qtype in before.qtypes)
        and (before.flow.client_port, before.message_id) != (part.flow.client_port, part.message_id)
    )


def _is_cut(response: Message) -> bool:
    """Say whether a response only says that the answer is too long for UDP."""
    return "TC" in response.dns.flags and response.transport == "udp"


def _answered_question(response: Decoded) -> Question:
    """Tell what a response answers; one without question tells it by its first record's owner."""
    for question in response.questions:
        return question
    records = chain(response.answers, response.authorities, response.additionals)
    return next(Question(record.name, record.type, record.rclass) for record in records)


def _flow(transaction: Transaction) -> Flow:
    key = transaction.key
    return Flow(key.client_ip, key.client_port, key.server_ip, key.server_port, key.transport)


def _part(transaction: Transaction, questions: tuple[Question, ...], flow: Flow) -> _Part:
    """Take what matters of a transaction: after the first answer nothing stretches it."""
    query, response = transaction.query, transaction.response
    last = transaction.last
    if response is not None:
        last = response.at if query is None else max(query.at, response.at)
    return _Part(
        flow=flow,
        message_id=transaction.message_id,
        question=questions[0],
        qtypes=tuple([question.qtype for question in questions]),
        began=transaction.began,
        first=transaction.first,
        last=last,
        outcome=transaction.outcome,
        query=query,
        response=response,
    )


def _told_again(held: _Open, before: _Part | None, part: _Part, at: Nanoseconds) -> Lookup | None:
    """Tell it anew where only a repeat came, which floods may bring; None where more changed."""
    if held.told is None or before is None:
        return None
    if before.query is not part.query or before.response is not part.response:
        return None
    return msgspec.structs.replace(
        held.told,
        at=at,
        first=min(held.told.first, part.first),
        last=max(held.told.last, part.last),
    )


def _told(held: _Open, at: Nanoseconds) -> Lookup:
    parts = list(held.parts.values())
    if len(parts) > 1:
        parts.sort(key=lambda part: part.began)
    messages = [m for part in parts for m in (part.query, part.response) if m is not None]
    responses = [part.response for part in parts if part.response is not None]
    told_by = [r for r in responses if not _is_cut(r)] or responses
    best = next((r for r in told_by if r.dns.rcode == "NOERROR"), None)
    response = best or (told_by[-1] if told_by else None)
    told = messages[0]
    question = parts[0].question
    answers = [record for r in responses for record in r.dns.answers[:MOST_ANSWERS]]
    return Lookup(
        at=at,
        identity=held.identity,
        first=min([part.first for part in parts]),
        last=max([part.last for part in parts]),
        flows=_distinct([part.flow for part in parts]),
        qname=question.qname,
        wire_name=question.wire_name or question.qname,
        qtypes=_distinct([qtype for part in parts for qtype in part.qtypes]),
        qclass=question.qclass,
        outcome=_outcome(parts),
        matches=tuple(held.matches.values()),
        rcode=response.dns.rcode if response else None,
        flags=(response or told).dns.flags,
        answers=_distinct(answers)[:MOST_ANSWERS],
        message_id=parts[0].message_id,
        rtt=_rtt(parts),
        path=told.path,
        vlans=told.vlans,
        interface=told.interface,
        anomalies=_distinct([a for m in messages for a in (*m.anomalies, *m.dns.anomalies)]),
    )


def _outcome(parts: list[_Part]) -> str:
    outcome = "response_only"
    for part in parts:
        if part.query is not None:
            if part.response is not None:
                return "answered"
            outcome = "unanswered"
    return outcome


def _rtt(parts: list[_Part]) -> Nanoseconds | None:
    for part in parts:
        if part.query is not None and part.response is not None:
            return max(0, part.response.at - part.query.at)
    return None


def _distinct(items: list[T]) -> tuple[T, ...]:
    return tuple(items if len(items) < 2 else dict.fromkeys(items))
