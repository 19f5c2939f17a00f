"""The findings gathered in one alert, and what they come to together.

An alert may hold thousands of findings while each of them still changes, so nothing here walks
over all of them: what the alert shows is kept in order as they come, change and go. A finding that
nothing changes any more is folded: what it adds to the whole stays, the finding goes.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

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

FindingId: TypeAlias = tuple[str, VerdictId]
Rank: TypeAlias = tuple[bool, int, bool, Nanoseconds, Nanoseconds]


class Whole(msgspec.Struct, frozen=True):
    """What all findings come to. `best` is the one that explains itself best."""

    count: int
    start: Nanoseconds
    end: Nanoseconds
    best: Verdict
    masquerade: bool
    reasons: tuple[tuple[str, int], ...]
    anomalies: tuple[str, ...]
    evidence: tuple[Asked, ...]


class Folded(msgspec.Struct, frozen=True):
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
        self._ranked: list[tuple[Rank, int, FindingId]] = []
        self._times: list[tuple[Nanoseconds, int]] = []
        self._reasons: Counter[tuple[str, int]] = Counter()
        self._anomalies: Counter[str] = Counter()
        self._shown_by: Counter[Asked] = Counter()
        self._evidence: list[tuple[Nanoseconds, str, int, int, Asked]] = []
        self._numbered: dict[Asked, int] = {}
        self._folded = Folded()

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
        if held is not None:
            self._take_off(*held)
            number = held[0]
        else:
            self._numbers += 1
            number = self._numbers
        self._live[finding] = (number, verdict)
        insort(self._ranked, (_rank(verdict), number, finding), key=_without_value)
        insort(self._times, (verdict.time, number))
        self._reasons.update(verdict.reasons)
        self._anomalies.update(_anomalies(verdict))
        for event in verdict.evidence:
            self._show(event)

    def remove(self, finding: FindingId) -> None:
        """Forget a finding that is none any more."""
        number, verdict = self._live.pop(finding)
        self._take_off(number, verdict)

    def fold(self, finding: FindingId) -> None:
        """Keep of a finding only what it adds: nothing changes it any more."""
        number, verdict = self._live.pop(finding)
        self._take_off(number, verdict)
        self._folded = _fold(self._folded, verdict)

    def whole(self) -> Whole:
        """Tell what all findings come to; there is at least one."""
        folded = self._folded
        best = self._live[self._ranked[0][2]][1] if self._ranked else None
        if best is None or (folded.best is not None and _rank(folded.best) <= _rank(best)):
            best = folded.best or best
        if best is None:
            raise LookupError("no finding is here")
        times = [folded.start, *(time for time, _ in self._times[:1])]
        return Whole(
            count=self.count,
            start=min(times),
            end=self.end,
            best=best,
            masquerade=best.masquerade,  # none ranks before one
            reasons=risk.join((*folded.reasons, *self._reasons)),
            anomalies=tuple(sorted({*folded.anomalies, *self._anomalies})),
            evidence=self._both_ends(),
        )

    def _take_off(self, number: int, verdict: Verdict) -> None:
        at = bisect_left(self._ranked, (_rank(verdict), number), key=_without_value)
        del self._ranked[at]
        del self._times[bisect_left(self._times, (verdict.time, number))]
        self._reasons -= Counter(verdict.reasons)
        self._anomalies -= Counter(_anomalies(verdict))
        for event in verdict.evidence:
            self._hide(event)

    def _show(self, event: Asked) -> None:
        self._shown_by[event] += 1
        if self._shown_by[event] == 1:
            self._numbers += 1
            self._numbered[event] = self._numbers
            insort(self._evidence, (*_place(event), self._numbers, event))

    def _hide(self, event: Asked) -> None:
        self._shown_by[event] -= 1
        if not self._shown_by[event]:
            del self._shown_by[event]
            place = (*_place(event), self._numbered.pop(event))
            del self._evidence[bisect_left(self._evidence, place)]

    def _both_ends(self) -> tuple[Asked, ...]:
        folded = self._folded
        live = [*self._evidence[:EVIDENCE], *self._evidence[-EVIDENCE:]]
        return _ends((*folded.head, *folded.tail, *(event for *_, event in live)))


def _without_value(item: tuple[Rank, int] | tuple[Rank, int, FindingId]) -> tuple[Rank, int]:
    return item[0], item[1]


def _rank(verdict: Verdict) -> Rank:
    event = verdict.event.at if verdict.event is not None else 0
    rank = RANK.index(verdict.status)
    return not verdict.masquerade, rank, verdict.follow_on is None, verdict.time, event


def _place(event: Asked) -> tuple[Nanoseconds, str, int]:
    return event.at, event.computer, -1 if event.record_id is None else event.record_id


def _anomalies(verdict: Verdict) -> tuple[str, ...]:
    return tuple(verdict.lookup.anomalies) if verdict.lookup is not None else ()


def _ends(events: Iterable[Asked]) -> tuple[Asked, ...]:
    """Sort, and keep the first 20 and the last 20."""
    every = sorted(dict.fromkeys(events), key=_place)
    return tuple(every) if len(every) <= 2 * EVIDENCE else (*every[:EVIDENCE], *every[-EVIDENCE:])


def _fold(folded: Folded, verdict: Verdict) -> Folded:
    best = folded.best
    if best is None or _rank(verdict) < _rank(best):
        best = verdict
    ends = _ends((*folded.head, *folded.tail, *verdict.evidence))
    return Folded(
        count=folded.count + 1,
        start=min(folded.start, verdict.time),
        end=max(folded.end, verdict.time),
        best=best,
        reasons=risk.join((*folded.reasons, *verdict.reasons)),
        anomalies=tuple(dict.fromkeys((*folded.anomalies, *_anomalies(verdict)))),
        head=ends[:EVIDENCE],
        tail=ends[EVIDENCE:],
    )
