"""Gather findings in alerts, and tell an alert anew when it has changed (DESIGN §5, "Alerts").

Findings gather under one key, (rule, computer, process) where a process is named, else (rule,
computer), else (rule, client address), while they keep coming within `quiet_for`. An alert's id
is made of its rule, key and first time when it is first told, and never again; every later change
is a revision. A change of count, end or evidence alone is told at most every `update_every` and
when the alert closes, any other at once.

A finding is told as soon as a process is named, or once `hold` has passed since its lookup. A
finding that ceases to be one, for an event explains it after all, leaves its alert; an alert that
loses its last one is retracted.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Final, TypeAlias

import msgspec

from sensor.attribution.values import Status
from sensor.deadlines import Deadlines
from sensor.endpoint.events import Asked
from sensor.endpoint.processes import Process
from sensor.rules.findings import FindingId, Findings, Whole
from sensor.rules.verdict import AlertKey, Candidate, Verdict
from sensor.stage import END, HOUR, MINUTE, SECOND, Nanoseconds

# Name of every id made here; it never changes, or ids would.
NAMESPACE: Final = uuid.UUID("c1f1a1f0-6d3c-5d0b-9c59-2d1f6a7b0e44")

# Alerts at hand, 10 KB or so each. Past it the one longest without a new finding closes early.
MOST: Final = 20_000

# Ids remembered, so that none is given twice where a finding comes back after its alert was
# retracted; that happens within minutes, and these last for hours.
MOST_IDS: Final = 100_000

STATES: Final[Mapping[Status, str]] = {
    Status.ATTRIBUTED: "attributed",
    Status.AMBIGUOUS: "ambiguous",
    Status.ENDPOINT_ONLY: "endpoint_only",
    Status.FEED_BEHIND: "awaiting_attribution",
}

Number: TypeAlias = int
Due: TypeAlias = tuple[str, FindingId | Number]

# Stands for an alert that was let go of early: what its findings come to is told no more.
GONE: Final = 0


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of alerts; `hold` is 0 where no feed is configured."""

    hold: Nanoseconds = 15 * SECOND
    quiet_for: Nanoseconds = 1 * HOUR
    update_every: Nanoseconds = 5 * MINUTE


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One revision of an alert.

    `best` is the finding that explains it best: what the alert shows of a lookup, process and
    host is that one's. `reasons` and `anomalies` are of all findings, `count`, `start` and `end`
    too. `created` is the event time at which this revision fell due.
    """

    id: str
    revision: int
    rule: str
    state: str
    count: int
    start: Nanoseconds
    end: Nanoseconds
    created: Nanoseconds
    best: Verdict
    reasons: tuple[tuple[str, int], ...]
    anomalies: tuple[str, ...]
    evidence: tuple[Asked, ...]


class _Open(msgspec.Struct):
    """An alert at hand: its findings, what was last told of it, and what they last came to."""

    number: Number
    key: AlertKey
    findings: Findings
    told: Alert | None = None
    seen: Whole | None = None
    substance: Whole | None = None
    closed: bool = False


class Alerts:
    """The stage."""

    key: ClassVar[str] = "host"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held: dict[FindingId, Verdict] = {}
        self._open: dict[Number, _Open] = {}
        self._by_key: dict[AlertKey, Number] = {}
        self._of: dict[FindingId, Number] = {}
        self._ids: dict[str, None] = {}
        self._deadlines: Deadlines[Due] = Deadlines()
        self._numbers = GONE
        self._now: Nanoseconds = 0
        self.exempt = 0
        self.evicted = 0

    def __call__(self, items: Iterable[Verdict], now: Nanoseconds) -> Iterator[Alert]:
        for verdict in items:
            yield from self._due(max(self._now, verdict.at))
            yield from self._take(verdict)
        yield from self._due(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    def _take(self, verdict: Verdict) -> Iterator[Alert]:
        finding = (verdict.rule, verdict.id)
        if verdict.retired and verdict.is_exempt and verdict.id[0] == "wire":
            self.exempt += 1
        if self._of.get(finding) == GONE:
            if verdict.retired or not verdict.is_finding:
                del self._of[finding]
            return
        if not verdict.is_finding:
            self._let_loose(finding)
            if finding in self._of:
                yield from self._remove(finding)
        elif finding in self._of:
            yield from self._change(finding, verdict)
        elif self._is_tellable(verdict):
            self._let_loose(finding)
            yield from self._admit(finding, verdict)
        else:
            self._held[finding] = verdict
            self._deadlines.set(("hold", finding), verdict.time + self._settings.hold)
        if verdict.retired and finding in self._of:
            yield from self._fold(finding)

    def _is_tellable(self, verdict: Verdict) -> bool:
        return (
            verdict.status is Status.ATTRIBUTED
            or verdict.retired
            or self._now >= verdict.time + self._settings.hold
        )

    def _let_loose(self, finding: FindingId) -> None:
        self._held.pop(finding, None)
        self._deadlines.drop(("hold", finding))

    # Findings come, change and go.

    def _admit(self, finding: FindingId, verdict: Verdict) -> Iterator[Alert]:
        held = self._joinable(verdict) or self._inherit(verdict)
        if held is None:
            yield from self._make_room()
            held = self._begin(verdict)
        held.findings.put(finding, verdict)
        self._of[finding] = held.number
        self._open[held.number] = self._open.pop(held.number)  # the longest without news first
        yield from self._tell(held)

    def _joinable(self, verdict: Verdict) -> _Open | None:
        """Find the alert of the verdict's key, if its findings still keep coming."""
        held = self._open.get(self._by_key.get(verdict.key, GONE))
        if held is None or verdict.time > held.findings.end + self._settings.quiet_for:
            return None
        return held

    def _inherit(self, verdict: Verdict) -> _Open | None:
        """Take over the alert whose only finding is a lookup that this event explains."""
        for each in verdict.inherits:
            lookup = (verdict.rule, each)
            held = self._open.get(self._of.get(lookup, GONE))
            if held is not None and not held.closed and held.findings.is_only(lookup):
                held.findings.remove(lookup)
                del self._of[lookup]
                self._rename(held, verdict.key)
                return held
        return None

    def _change(self, finding: FindingId, verdict: Verdict) -> Iterator[Alert]:
        held = self._open[self._of[finding]]
        if held.key != verdict.key:
            alone = not held.closed and held.findings.is_only(finding)
            if not alone or self._joinable(verdict) is not None:
                yield from self._remove(finding)
                yield from self._admit(finding, verdict)
                return
            self._rename(held, verdict.key)
        held.findings.put(finding, verdict)
        yield from self._tell(held)

    def _remove(self, finding: FindingId) -> Iterator[Alert]:
        held = self._open[self._of.pop(finding)]
        held.findings.remove(finding)
        if held.findings.count:
            yield from self._tell(held, at_once=True)
            yield from self._end_if_done(held)
            return
        if held.told is not None:
            yield msgspec.structs.replace(
                held.told,
                state="retracted",
                count=0,
                created=self._now,
                revision=held.told.revision + 1,
            )
        self._forget(held)

    def _fold(self, finding: FindingId) -> Iterator[Alert]:
        held = self._open[self._of.pop(finding)]
        held.findings.fold(finding)
        yield from self._end_if_done(held)

    # Alerts begin, close and are told.

    def _begin(self, verdict: Verdict) -> _Open:
        self._numbers += 1
        held = _Open(self._numbers, verdict.key, Findings())
        self._open[held.number] = held
        self._by_key[held.key] = held.number
        return held

    def _make_room(self) -> Iterator[Alert]:
        if len(self._open) < MOST:
            return
        self.evicted += 1
        oldest = next(iter(self._open.values()))
        yield from self._catch_up(oldest)
        self._of.update(dict.fromkeys(oldest.findings.live, GONE))
        self._forget(oldest)

    def _rename(self, held: _Open, key: AlertKey) -> None:
        self._unname(held)
        held.key = key
        self._by_key[key] = held.number

    def _unname(self, held: _Open) -> None:
        """Let nothing more join."""
        if self._by_key.get(held.key) == held.number:
            del self._by_key[held.key]

    def _close(self, held: _Open) -> Iterator[Alert]:
        held.closed = True
        self._unname(held)
        yield from self._end_if_done(held)

    def _end_if_done(self, held: _Open) -> Iterator[Alert]:
        """Let go of a closed alert once nothing in it can change any more."""
        if held.closed and not held.findings.live:
            yield from self._catch_up(held)
            self._forget(held)

    def _forget(self, held: _Open) -> None:
        self._unname(held)
        del self._open[held.number]
        for what in ("update", "close", "gone"):
            self._deadlines.drop((what, held.number))

    def _tell(self, held: _Open, *, at_once: bool = False) -> Iterator[Alert]:
        """Tell an alert if it has changed: what matters at once, the rest when it is time."""
        whole = held.findings.whole()
        before = held.told
        if not held.closed:
            self._deadlines.set(("close", held.number), whole.end + self._settings.quiet_for)
            self._deadlines.drop(("gone", held.number))
        changed = before is None or _volatile(whole) != _volatile(before)
        if self._is_new(held, whole) or (at_once and changed):
            held.told = alert = self._alert(held, whole)
            self._deadlines.drop(("update", held.number))
            yield alert
        elif before is not None and changed:
            update = before.created + self._settings.update_every
            self._deadlines.set(("update", held.number), max(update, self._now))

    def _is_new(self, held: _Open, whole: Whole) -> bool:
        """Say whether it is to be told at once; as a rule the best finding is the one it was."""
        seen = held.seen
        held.seen = whole
        if (
            seen is not None
            and whole.best is seen.best
            and whole.start == seen.start
            and whole.reasons == seen.reasons
            and whole.anomalies == seen.anomalies
        ):
            return False
        substance = _substance(whole)
        if substance == held.substance:
            return False
        held.substance = substance
        return True

    def _catch_up(self, held: _Open) -> Iterator[Alert]:
        """Tell what has been kept back."""
        yield from self._tell(held, at_once=True)

    def _alert(self, held: _Open, whole: Whole) -> Alert:
        """Make the next revision."""
        best = whole.best
        told = held.told
        return Alert(
            id=self._new_id(best.rule, held.key, whole.start) if told is None else told.id,
            revision=0 if told is None else told.revision + 1,
            rule=best.rule,
            state="masquerade" if whole.masquerade else STATES.get(best.status, "unattributed"),
            count=whole.count,
            start=whole.start,
            end=whole.end,
            created=self._now,
            best=best,
            reasons=whole.reasons,
            anomalies=whole.anomalies,
            evidence=whole.evidence,
        )

    def _new_id(self, rule: str, key: AlertKey, start: Nanoseconds) -> str:
        """Make an id; if it was given before, to an alert that is retracted or renamed, another."""
        name = f"{rule}|{key}|{start}"
        made = str(uuid.uuid5(NAMESPACE, name))
        again = 1
        while made in self._ids:
            again += 1
            made = str(uuid.uuid5(NAMESPACE, f"{name}|{again}"))
        if len(self._ids) >= MOST_IDS:
            del self._ids[next(iter(self._ids))]
        self._ids[made] = None
        return made

    # Time goes by.

    def _due(self, now: Nanoseconds) -> Iterator[Alert]:
        last = self._now
        for due, (what, which) in self._deadlines.due(now):
            self._now = max(self._now, min(due, last) if now == END else due)
            if not isinstance(which, int):
                yield from self._admit(which, self._held.pop(which))
            elif what == "update":
                yield from self._catch_up(self._open[which])
            elif what == "close":
                yield from self._catch_up(self._open[which])
                self._deadlines.drop(("close", which))
                # What came in time may still be held back, until after that.
                self._deadlines.set(("gone", which), self._now + self._settings.hold + 1)
            else:
                yield from self._close(self._open[which])
        if now != END:
            self._now = max(self._now, now)


def _volatile(of: Alert | Whole) -> tuple[int, Nanoseconds, Nanoseconds, tuple[Asked, ...]]:
    lookup = of.best.lookup
    return of.count, of.end, lookup.last if lookup is not None else 0, of.evidence


def _substance(whole: Whole) -> Whole:
    """Leave out what changes with every lookup, and what no reader sees."""
    best = whole.best
    lookup = best.lookup
    if lookup is not None:
        lookup = msgspec.structs.replace(
            lookup, at=0, last=0, closed=False, flows=lookup.flows[:1], matches=()
        )
    owner = best.owner
    if owner is not None:
        owner = msgspec.structs.replace(owner, observed=None)
    best = msgspec.structs.replace(
        best,
        at=0,
        lookup=lookup,
        owner=owner,
        addresses=(),
        candidates=tuple(map(_as_shown, best.candidates)),
        evidence=(),
        inherits=(),
        retired=False,
    )
    return msgspec.structs.replace(whole, count=0, end=0, best=best, evidence=())


def _as_shown(candidate: Candidate) -> Candidate:
    """Leave of a candidate's process what an alert tells of it."""
    process = candidate.process
    if process is not None:
        process = Process(process.computer, process.guid, process.pid, process.image)
    return msgspec.structs.replace(candidate, process=process)
