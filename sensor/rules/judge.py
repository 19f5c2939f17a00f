"""Judge attributed lookups by the rules (DESIGN §5, "Verdict").

An event 22 of a process that the rule does not exempt is a finding whether or not a packet fits.
A lookup is a finding unless an event explains it. An exempt process' event explains one lookup
only (`sensor.rules.exemption`): a second one that it fits as well is a finding, and whose it is
stays open.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeAlias

import msgspec

from sensor.attribution.values import Attributed, Explanation, Fit, FollowOn, Status
from sensor.endpoint.events import Asked
from sensor.endpoint.hosts import Owner
from sensor.endpoint.processes import Process
from sensor.lookups import Identity, Lookup
from sensor.rules import genuine, risk
from sensor.rules.exemption import Exemption
from sensor.rules.fitted import Fitted
from sensor.rules.rule import Rule
from sensor.rules.verdict import AlertKey, Candidate, Verdict
from sensor.stage import END, Nanoseconds
from sensor.watch import Watch

EventKey: TypeAlias = tuple[str, Asked]


class Judge:
    """The stage. It holds what attribution still holds, and lets go with it."""

    key: ClassVar[str] = "host"

    def __init__(self, rules: Iterable[Rule], watch: Watch) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._watch = watch
        # The reasons that hold where no process is named, as of most lookups.
        self._unnamed = {
            (rule.id, status): risk.reasons(rule, risk.Circumstances(status))
            for rule in self._rules.values()
            for status in Status
        }
        self._exemptions = {rule: Exemption() for rule in self._rules}
        self._lookups: dict[tuple[str, Identity], Attributed] = {}
        self._fitted = {rule: Fitted() for rule in self._rules}
        self._alone: dict[EventKey, Attributed] = {}
        self._borrowed: dict[EventKey, Verdict] = {}

    def __call__(self, items: Iterable[Attributed], now: Nanoseconds) -> Iterator[Verdict]:
        del now  # nothing here waits
        for told in items:
            if told.lookup is not None:
                for rule in dict.fromkeys(match.rule for match in told.lookup.matches):
                    yield from self._judge_lookup(self._rules[rule], told, told.lookup)
            elif told.event is not None:
                for each in self._rules.values():
                    yield from self._judge_event(each, told, told.event)

    def deadline(self) -> Nanoseconds:
        return END

    # A lookup, and the events that fit it.

    def _judge_lookup(self, rule: Rule, told: Attributed, lookup: Lookup) -> Iterator[Verdict]:
        key = (rule.id, lookup.identity)
        before = self._lookups.get(key)
        self._lookups[key] = told
        if told.fits or (before is not None and before.fits):
            yield from self._refit(rule, told, lookup, before.fits if before is not None else ())
        else:
            yield self._of_lookup(rule, told, lookup, told.at)
        if told.retired:
            self._exemptions[rule.id].forget_lookup(lookup.identity)
            del self._lookups[key]

    def _refit(
        self, rule: Rule, told: Attributed, lookup: Lookup, before: tuple[Fit, ...]
    ) -> Iterator[Verdict]:
        """Judge a lookup that events fit, or fitted before; and those events, and who profits."""
        fitting = {fit.event: fit for fit in told.fits if isinstance(fit.event, Asked)}
        fitted = self._fitted[rule.id]
        left = [event for event in _asked(before) if event not in fitting]
        changed = [event for event in left if fitted.drop(event, lookup.identity)]
        for event, fit in fitting.items():
            self._alone.pop((rule.id, event), None)
            if fitted.put(event, lookup.identity, (told, fit)):
                changed.append(event)
        offered = () if _blamed(rule, told) else tuple(fitting)
        explained = self._exemptions[rule.id].offer(lookup.identity, offered)
        for event in changed:
            yield from self._of_event(rule, event, told.at)
        for identity in [*explained, lookup.identity]:
            each = self._lookups[(rule.id, identity)]
            if each.lookup is not None:
                yield self._of_lookup(rule, each, each.lookup, told.at)

    def _of_lookup(self, rule: Rule, told: Attributed, lookup: Lookup, at: Nanoseconds) -> Verdict:
        blamed = _blamed(rule, told)
        exempt = bool(told.fits) and not blamed and self._is_explained(rule, told, lookup)
        spent = bool(told.fits) and not blamed and not exempt
        status = told.otherwise if spent else told.status
        fits = () if spent else told.fits
        shared = _share(fits or told.candidates)
        named = fits[0] if status is Status.ATTRIBUTED else None
        process = named.process if named else None
        computer = _computer(status, told, process)
        masquerade = named is not None and _is_masquerade(rule, named.event, named.process)
        follow_on = _follow_on(told, named.event) if named else None
        return Verdict(
            at=at,
            id=("wire", lookup.identity),
            rule=rule.id,
            key=_alert_key(rule, process, computer, lookup),
            time=lookup.first,
            match=next(match for match in lookup.matches if match.rule == rule.id),
            status=status,
            is_finding=not exempt and not _asked(blamed),
            is_exempt=exempt,
            masquerade=masquerade,
            lookup=lookup,
            computer=computer,
            process=process,
            owner=_owner(told, named, computer),
            conflicts=max(0, len(told.owners) - 1),
            confidence=shared[0].confidence if named else 0.0,
            basis=fits[0].basis if fits else (("host_identity",) if computer else ()),
            against=fits[0].against if fits else (),
            candidates=(*shared, *_other_owners(told, shared)),
            follow_on=follow_on,
            reasons=self._unnamed[rule.id, status]
            if process is None
            else risk.reasons(rule, risk.Circumstances(status, process, masquerade, follow_on)),
            evidence=tuple(_asked(fits or told.candidates)),
            retired=told.retired,
        )

    def _is_explained(self, rule: Rule, told: Attributed, lookup: Lookup) -> bool:
        """Say whether an exempt process' event explains a lookup: its very flow always does."""
        by_flow = any(not isinstance(fit.event, Asked) for fit in told.fits)
        return by_flow or self._exemptions[rule.id].is_explained(lookup.identity)

    # An event 22 by itself.

    def _judge_event(self, rule: Rule, told: Attributed, event: Asked) -> Iterator[Verdict]:
        key = (rule.id, event)
        self._alone[key] = told
        yield from self._of_event(rule, event, told.at, retired=told.retired)
        if told.retired:
            del self._alone[key]
            self._fitted[rule.id].forget(event)
            self._borrowed.pop(key, None)
            self._exemptions[rule.id].forget_event(event)

    def _of_event(
        self, rule: Rule, event: Asked, at: Nanoseconds, *, retired: bool = False
    ) -> Iterator[Verdict]:
        key = (rule.id, event)
        fitting = self._fitted[rule.id].best(event)
        told = self._alone.get(key)
        matches = self._watch.asked(event.query_name)
        watched = any(match.rule == rule.id for match in matches)
        fit = None
        if fitting is not None:
            told, fit = fitting
            matches = told.lookup.matches if told.lookup is not None else ()
        elif not watched:
            before = self._borrowed.pop(key, None)
            if before is not None:  # only a lookup had made it worth telling
                yield msgspec.structs.replace(before, at=at, is_finding=False, is_exempt=False)
            return
        match = next((match for match in matches if match.rule == rule.id), None)
        process = fit.process if fit else told.process if told else None
        if told is None or match is None or process is None:
            return
        status = Status.ATTRIBUTED if fit else Status.ENDPOINT_ONLY
        shared = _share(told.fits) if fit else (Candidate(event.computer, process, 1.0),)
        exempt = _exempts(rule, event, process)
        masquerade = _is_masquerade(rule, event, process)
        follow_on = _follow_on(told, event)
        verdict = Verdict(
            at=at,
            id=("event", event),
            rule=rule.id,
            key=(rule.id, "process", *process.key),
            time=told.lookup.first if told.lookup is not None else event.at,
            match=match,
            status=status,
            is_finding=not exempt,
            is_exempt=exempt,
            masquerade=masquerade,
            lookup=told.lookup,
            event=event,
            computer=event.computer,
            process=process,
            owner=fit.owner if fit else None,
            addresses=told.addresses,
            conflicts=max(0, len(told.owners) - 1),
            confidence=next(
                c.confidence for c in shared if c.process and c.process.key == process.key
            ),
            basis=fit.basis if fit else ("qname",),
            against=fit.against if fit else (),
            candidates=(*shared, *_other_owners(told, shared)),
            follow_on=follow_on,
            reasons=risk.reasons(rule, risk.Circumstances(status, process, masquerade, follow_on)),
            evidence=(event,),
            inherits=tuple(("wire", identity) for identity in self._fitted[rule.id].lookups(event)),
            retired=retired,
        )
        if not watched:
            self._borrowed[key] = verdict
        yield verdict


def _exempts(rule: Rule, event: Explanation, process: Process) -> bool:
    if not genuine.is_exempt_by_name(rule, event.image):
        return False
    if genuine.contradiction(rule, process) is not None:
        return False
    return not rule.strict or genuine.is_confirmed(rule, process)


def _is_masquerade(rule: Rule, event: Explanation, process: Process) -> bool:
    by_name = genuine.is_exempt_by_name(rule, event.image)
    return by_name and genuine.contradiction(rule, process) is not None


def _blamed(rule: Rule, told: Attributed) -> tuple[Fit, ...]:
    """List the fits of processes that the rule does not exempt."""
    return tuple(fit for fit in told.fits if not _exempts(rule, fit.event, fit.process))


def _other_owners(told: Attributed, shared: tuple[Candidate, ...]) -> list[Candidate]:
    """List the computers that may have held the address and of which no event fits."""
    if len(told.owners) < 2:
        return []
    named = {candidate.computer for candidate in shared}
    return [Candidate(o.computer, None, 0.0) for o in told.owners if o.computer not in named]


def _asked(fits: Iterable[Fit]) -> dict[Asked, None]:
    events = [fit.event for fit in fits if isinstance(fit.event, Asked)]
    if len(events) > 1:
        events.sort(key=lambda e: (e.at, e.computer, e.record_id or -1))
    return dict.fromkeys(events)


def _share(fits: tuple[Fit, ...]) -> tuple[Candidate, ...]:
    """Turn fits into candidates, one a process; several share the best one's confidence."""
    if not fits:
        return ()
    best: dict[object, Fit] = {}
    for fit in fits:
        best.setdefault(fit.process.key, fit)
    total = sum(fit.confidence for fit in best.values()) or 1.0
    top = max(fit.confidence for fit in best.values())
    return tuple(
        Candidate(fit.process.computer, fit.process, round(top * fit.confidence / total, 2))
        for fit in best.values()
    )


def _follow_on(told: Attributed, event: Explanation) -> FollowOn | None:
    return next((follow_on for of, follow_on in told.follow_ons if of == event), None)


def _owner(told: Attributed, named: Fit | None, computer: str | None) -> Owner | None:
    """Tell by what evidence the address is the computer's."""
    if named is not None:
        return named.owner
    return told.owners[0] if computer is not None else None


def _computer(status: Status, told: Attributed, process: Process | None) -> str | None:
    """Name the computer that asked; behind a resolver, or where owners conflict, none."""
    if process is not None:
        return process.computer
    if status is Status.RESOLVER_VANTAGE or len(told.owners) != 1:
        return None
    return told.owners[0].computer


def _alert_key(
    rule: Rule, process: Process | None, computer: str | None, lookup: Lookup
) -> AlertKey:
    if process is not None:
        return rule.id, "process", *process.key
    if computer is not None:
        return rule.id, "computer", computer
    return rule.id, "client", lookup.client_ip
