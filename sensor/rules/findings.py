"""The findings gathered in one alert, and what they come to together.

An alert may hold thousands of findings while each of them still changes, so nothing here walks
over all of them: what the alert shows is kept in order as they come, change and go. A finding that
nothing changes any more is folded: what it adds to the whole stays, the finding goes.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final, TypeAlias, TypeVar

import msgspec

from sensor.attribution.values import Status
from sensor.endpoint.events import Asked
from sensor.rules import risk
from sensor.rules.verdict import Verdict, VerdictId
from sensor.stage import END, Nanoseconds

# The first and the last items of evidence that an alert shows.
EVIDENCE: Final = 20

# Best explained first: an alert over many lookups carries the status of the first of these.
RANK: Final = (
    Status.ATTRIBUTED,
    Status.ENDPOINT_ONLY,
    Status.AMBIGUOUS,
    Status.COVERED_BUT_SILENT,
    Status.RESOLVER_VANTAGE,
    Status.FEED_BEHIND,
    Status.FEED_STALE,
    Status.HOST_NOT_COVERED,
    Status.HOST_UNKNOWN,
    Status.NO_FEED,
)
RANKS: Final = {status: rank for rank, status in enumerate(RANK)}

T = TypeVar("T")

FindingId: TypeAlias = tuple[str, VerdictId]
Rank: TypeAlias = tuple[bool, int, bool, Nanoseconds, Nanoseconds]

Place = TypeVar("Place", tuple[Rank, int], tuple[Nanoseconds, int])


class Whole(msgspec.Struct, frozen=True, gc=False):
    """What all findings come to. `best` is the one that explains itself best."""

    count: int
    start: Nanoseconds
    end: Nanoseconds
    best: Verdict
    masquerade: bool
    reasons: tuple[tuple[str, int], ...]
    anomalies: tuple[str, ...]
    evidence: tuple[Asked, ...]


class Folded(msgspec.Struct, frozen=True, gc=False):
    """What stays of findings that nothing changes any more."""

    count: int = 0
    start: Nanoseconds = END
    end: Nanoseconds = 0
    best: Verdict | None = None
    reasons: tuple[tuple[str, int], ...] = ()
    anomalies: tuple[str, ...] = ()
    head: tuple[Asked, ...] = ()
    tail: tuple[Asked, ...] = ()


class Findings:
    """Plain state: it pickles. Of equal findings the one that came first stands first."""

    def __init__(self) -> None:
        self._numbers = 0
        self._live: dict[FindingId, tuple[int, Verdict]] = {}
        self._by_number: dict[int, FindingId] = {}
        self._ranked: list[tuple[Rank, int]] = []
        self._times: list[tuple[Nanoseconds, int]] = []
        self._reasons: dict[tuple[str, int], int] = {}
        self._anomalies: dict[str, int] = {}
        self._shown_by: dict[Asked, int] = {}
        self._evidence: list[tuple[Nanoseconds, str, int, int, Asked]] = []
        self._numbered: dict[Asked, int] = {}
        self._folded = Folded()
        # What was last told of these, None since they changed.
        self._all_reasons: tuple[tuple[str, int], ...] | None = ()
        self._all_anomalies: tuple[str, ...] | None = ()
        self._all_evidence: tuple[Asked, ...] | None = ()

    @property
    def live(self) -> Iterable[FindingId]:
        """The findings that may still change."""
        return self._live

    @property
    def count(self) -> int:
        return self._folded.count + len(self._live)

    @property
    def end(self) -> Nanoseconds:
        """The time of the last one."""
        return max(self._folded.end, self._times[-1][0] if self._times else 0)

    def is_only(self, finding: FindingId) -> bool:
        return self.count == 1 and finding in self._live

    def put(self, finding: FindingId, verdict: Verdict) -> None:
        """Take a finding, or what is newly said of it."""
        held = self._live.get(finding)
        if held is None:
            self._numbers += 1
            number, before = self._numbers, None
            self._by_number[number] = finding
        else:
            number, before = held
        self._live[finding] = (number, verdict)
        self._exchange(number, before, verdict)

    def remove(self, finding: FindingId) -> None:
        """Forget a finding that is none any more."""
        number, verdict = self._live.pop(finding)
        del self._by_number[number]
        self._exchange(number, verdict, None)

    def fold(self, finding: FindingId) -> None:
        """Keep of a finding only what it adds: nothing changes it any more."""
        verdict = self._live[finding][1]
        self.remove(finding)
        self._folded = _fold(self._folded, verdict)

    def whole(self) -> Whole:
        """Tell what all findings come to; there is at least one."""
        folded = self._folded
        best = self._live[self._by_number[self._ranked[0][1]]][1] if self._ranked else None
        if best is None or (folded.best is not None and _rank(folded.best) <= _rank(best)):
            best = folded.best or best
        if best is None:
            raise LookupError("no finding is here")
        if self._all_reasons is None:
            self._all_reasons = risk.join((*folded.reasons, *self._reasons))
        if self._all_anomalies is None:
            self._all_anomalies = tuple(sorted({*folded.anomalies, *self._anomalies}))
        if self._all_evidence is None:
            self._all_evidence = self._both_ends()
        return Whole(
            count=self.count,
            start=min(folded.start, self._times[0][0]) if self._times else folded.start,
            end=self.end,
            best=best,
            masquerade=best.masquerade,  # none ranks before one
            reasons=self._all_reasons,
            anomalies=self._all_anomalies,
            evidence=self._all_evidence,
        )

    def _exchange(self, number: int, before: Verdict | None, after: Verdict | None) -> None:
        """Let a verdict take another's place in all that is kept in order; most of it is equal."""
        old = None if before is None else (_rank(before), number)
        new = None if after is None else (_rank(after), number)
        if old != new:
            _replace(self._ranked, old, new)
        was = None if before is None else (before.time, number)
        when = None if after is None else (after.time, number)
        if was != when:
            _replace(self._times, was, when)
        if _recount(self._reasons, _reasons(before), _reasons(after)):
            self._all_reasons = None
        if _recount(self._anomalies, _anomalies(before), _anomalies(after)):
            self._all_anomalies = None
        hidden, shown = _evidence(before), _evidence(after)
        if hidden != shown:
            self._all_evidence = None
            for event in shown:
                self._show(event)
            for event in hidden:
                self._hide(event)

    def _show(self, event: Asked) -> None:
        times = self._shown_by.get(event, 0)
        self._shown_by[event] = times + 1
        if not times:
            self._numbers += 1
            self._numbered[event] = self._numbers
            insort(self._evidence, (*_place(event), self._numbers, event))

    def _hide(self, event: Asked) -> None:
        times = self._shown_by[event] - 1
        if times:
            self._shown_by[event] = times
        else:
            del self._shown_by[event]
            place = (*_place(event), self._numbered.pop(event))
            del self._evidence[bisect_left(self._evidence, place)]

    def _both_ends(self) -> tuple[Asked, ...]:
        folded = self._folded
        live = [*self._evidence[:EVIDENCE], *self._evidence[-EVIDENCE:]]
        return _ends((*folded.head, *folded.tail, *(event for *_, event in live)))


def _replace(held: list[Place], old: Place | None, new: Place | None) -> None:
    """Exchange an item of a sorted list."""
    if old is not None:
        del held[bisect_left(held, old)]
    if new is not None:
        insort(held, new)


def _recount(counts: dict[T, int], old: tuple[T, ...], new: tuple[T, ...]) -> bool:
    """Count anew what many have in common; say whether anything came or went."""
    if old == new:
        return False
    size = len(counts)
    for item in new:
        counts[item] = counts.get(item, 0) + 1
    changed = len(counts) != size
    for item in old:
        left = counts[item] - 1
        if left:
            counts[item] = left
        else:
            del counts[item]
            changed = True
    return changed


def _rank(verdict: Verdict) -> Rank:
    event = verdict.event.at if verdict.event is not None else 0
    rank = RANKS[verdict.status]
    return not verdict.masquerade, rank, verdict.follow_on is None, verdict.time, event


def _place(event: Asked) -> tuple[Nanoseconds, str, int]:
    return event.at, event.computer, -1 if event.record_id is None else event.record_id


def _reasons(verdict: Verdict | None) -> tuple[tuple[str, int], ...]:
    return () if verdict is None else verdict.reasons


def _anomalies(verdict: Verdict | None) -> tuple[str, ...]:
    return () if verdict is None or verdict.lookup is None else verdict.lookup.anomalies


def _evidence(verdict: Verdict | None) -> tuple[Asked, ...]:
    return () if verdict is None else verdict.evidence


def _joined(
    held: tuple[tuple[str, int], ...], more: tuple[tuple[str, int], ...]
) -> tuple[tuple[str, int], ...]:
    return held if held == more else risk.join((*held, *more))


def _ends(events: Iterable[Asked]) -> tuple[Asked, ...]:
    """Sort, and keep the first 20 and the last 20."""
    every = sorted(dict.fromkeys(events), key=_place)
    return tuple(every) if len(every) <= 2 * EVIDENCE else (*every[:EVIDENCE], *every[-EVIDENCE:])


def _fold(folded: Folded, verdict: Verdict) -> Folded:
    best = folded.best
    if best is None or _rank(verdict) < _rank(best):
        best = verdict
    head, tail = folded.head, folded.tail
    if verdict.evidence:
        ends = _ends((*head, *tail, *verdict.evidence))
        head, tail = ends[:EVIDENCE], ends[EVIDENCE:]
    return Folded(
        count=folded.count + 1,
        start=min(folded.start, verdict.time),
        end=max(folded.end, verdict.time),
        best=best,
        reasons=_joined(folded.reasons, verdict.reasons),
        anomalies=tuple(dict.fromkeys((*folded.anomalies, *_anomalies(verdict)))),
        head=head,
        tail=tail,
    )
