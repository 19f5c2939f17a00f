"""Join lookups with process events: the stage where the wire meets the endpoint.

Every lookup and every event is held for half an hour and weighed again whenever something that
bears on it comes to be known: a later packet, an event that was late, whose address it was, that
the client serves others, that the host's feed has gone past it. What changed is told anew.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final, TypeAlias

import msgspec

from sensor.attribution import fit
from sensor.attribution.known import Known, Settings
from sensor.attribution.memory import MOST_CASES, RETAIN, flow_of
from sensor.attribution.resolvers import DNS_SERVER
from sensor.attribution.values import Attributed, Explanation
from sensor.deadlines import Deadlines
from sensor.endpoint.events import Asked, Connected, ProcessEvent, Started
from sensor.endpoint.hosts import Hosts
from sensor.endpoint.processes import base_name, process_key
from sensor.lookups import Identity, Lookup
from sensor.stage import END, MINUTE, Nanoseconds
from sensor.watch import Watch

# Who sends the packets of the DNS Client service: never the asker.
CLIENT_SERVICE: Final = "svchost.exe"

Due: TypeAlias = tuple[str, Identity | int]

__all__ = ["Attribution", "Settings"]


class Attribution:
    """The stage; `hosts` brings the configured identities."""

    key: ClassVar[str] = "host"

    def __init__(self, settings: Settings, watch: Watch, hosts: Hosts) -> None:
        self._retain = max(RETAIN, settings.stale + MINUTE)
        self._dns_ports = settings.dns_ports
        self._watch = watch
        self._known = Known(settings, hosts)
        self._deadlines: Deadlines[Due] = Deadlines()
        self._ended = False
        self._now: Nanoseconds = 0
        self._surplus = 0

    def __call__(
        self, items: Iterable[Lookup | ProcessEvent], now: Nanoseconds
    ) -> Iterator[Attributed]:
        for item in items:
            yield from self._due(max(self._now, item.at))
            if isinstance(item, Lookup):
                yield from self._look(item)
            else:
                yield from self._hear(item)
        yield from self._due(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    @property
    def evicted(self) -> int:
        """How much was let go of early."""
        return self._surplus + self._known.evicted

    # A lookup comes, or more of it.

    def _look(self, lookup: Lookup) -> Iterator[Attributed]:
        cases = self._known.cases
        before = cases.lookups.get(lookup.identity)
        if lookup.closed:
            if before is None:
                return  # it was let go of early, and has been told for the last time
            if _is_same(before, lookup):
                cases.renew(lookup.identity)
                return
        cases.put(lookup)
        if self._known.settings.feed:
            self._deadlines.set(("stale", lookup.identity), self._known.stale_at(lookup))
        self._deadlines.set(("retire", lookup.identity), lookup.last + self._retain)
        yield from self._weigh([lookup.identity, *cases.asked_of(lookup)])
        if len(cases.lookups) > MOST_CASES:
            self._surplus += 1
            yield from self._retire(next(iter(cases.lookups)))

    # An event comes.

    def _hear(self, event: ProcessEvent) -> Iterator[Attributed]:
        cases = self._known.cases
        news = self._known.hosts.learn(event)
        touched = [each for name in news.computers for each in cases.of_computer(name)]
        touched += [each for address in news.addresses for each in cases.of_client(address)]
        touched += self._known.coverage.hear(event)
        loose: list[Explanation] = []
        if isinstance(event, Asked):
            self._keep(self._known.events.put(event), event)
            touched += cases.near(event)
            loose.append(event)
        elif isinstance(event, Started) and self._known.processes.learn(event):
            loose += self._known.events.of_process(process_key(event))
        elif isinstance(event, Connected) and event.initiated:
            loose += self._connected(event, touched)
        for each in loose:
            touched += cases.fitted_by(each)
            if isinstance(each, Asked):
                touched += cases.near(each)
        yield from self._weigh(touched, loose)
        surplus = self._known.events.surplus
        if surplus is not None:
            self._surplus += 1
            yield from self._retire_event(surplus)

    def _connected(self, event: Connected, touched: list[Identity]) -> Iterable[Explanation]:
        """Take an event 3; list the events of its process that it may follow on."""
        known = self._known
        if event.destination_port not in self._dns_ports:
            self._keep(known.events.put_connection(event), event)
            return known.preceding(event)
        name = (base_name(event.image) or "").lower()
        if name == DNS_SERVER and known.resolvers.learn(event):
            touched += known.cases.of_client(event.source_ip)
            touched += known.cases.of_computer(event.computer)
        elif name and name not in (DNS_SERVER, CLIENT_SERVICE):
            self._keep(known.events.put_flow(event), event)
            touched += known.cases.of_flow(flow_of(event))
        return ()

    def _keep(self, number: int, event: ProcessEvent) -> None:
        """Keep an event until the last lookup that it may fit has gone."""
        self._deadlines.set(("event", number), event.at - fit.PATIENT[0] + self._retain + 1)

    # Weighing.

    def _weigh(
        self, touched: Iterable[Identity], loose: Iterable[Explanation] = ()
    ) -> Iterator[Attributed]:
        """Tell what has changed of these lookups, and of the events that fit none (any more)."""
        unfitted = dict.fromkeys(loose)
        for identity in dict.fromkeys(touched):
            before = self._known.cases.told.get(identity)
            lookup = self._known.cases.lookups[identity]
            told = self._known.attribute(lookup, self._now, ended=self._ended)
            if before is None or _is_news(before, told):
                yield told
            if before is not None and before.fits:
                unfitted.update(dict.fromkeys(each.event for each in before.fits))
        for event in unfitted:
            if isinstance(event, Asked) and self._is_alone(event):
                yield self._known.alone(event, self._now)

    def _is_alone(self, event: Asked) -> bool:
        """Say whether a rule watches the event's name and no lookup of that rule fits it."""
        rules = {rule for rule, _ in self._watch.find(event.query_name)}
        for identity in self._known.cases.fitted_by(event):
            rules.difference_update(m.rule for m in self._known.cases.lookups[identity].matches)
            if not rules:
                return False
        return bool(rules)

    # Time goes by.

    def _due(self, now: Nanoseconds) -> Iterator[Attributed]:
        last = self._now
        for due, (what, which) in self._deadlines.due(now):
            self._now = max(self._now, min(due, last) if now == END else due)
            self._ended = now == END
            if isinstance(which, int):
                yield from self._retire_event(which)
            elif what == "stale":
                yield from self._weigh([which])
            else:
                yield from self._retire(which)
        if now != END:
            self._now = max(self._now, now)

    def _retire(self, identity: Identity) -> Iterator[Attributed]:
        told = self._known.cases.told[identity]
        self._known.cases.drop(identity)
        self._known.coverage.wait(identity, None, 0)
        self._deadlines.drop(("stale", identity))
        self._deadlines.drop(("retire", identity))
        yield msgspec.structs.replace(told, at=self._now, retired=True)

    def _retire_event(self, number: int) -> Iterator[Attributed]:
        """Let go of an event, and first of the lookups it still fits: they keep it."""
        event = self._known.events.drop(number)
        self._deadlines.drop(("event", number))
        if event is None:
            return
        for identity in list(self._known.cases.fitted_by(event)):
            yield from self._retire(identity)
        yield msgspec.structs.replace(self._known.alone(event, self._now), retired=True)


def _is_same(before: Lookup, lookup: Lookup) -> bool:
    """Say whether a closed lookup is what was known of it, so that closing it tells nothing."""
    return before == msgspec.structs.replace(lookup, at=before.at, closed=before.closed)


def _is_news(before: Attributed, told: Attributed) -> bool:
    """Say whether anything but the time of telling differs."""
    if before.lookup is not told.lookup and before.lookup != told.lookup:
        return True
    return before != msgspec.structs.replace(told, at=before.at)
