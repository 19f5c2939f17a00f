"""Everything attribution knows, and what follows from it for one lookup or one event 22."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from sensor.attribution import fit
from sensor.attribution.coverage import Coverage
from sensor.attribution.memory import ANYWHERE, Cases, Events
from sensor.attribution.resolvers import Resolvers
from sensor.attribution.values import Attributed, Explanation, Fit, FollowOn, Status
from sensor.endpoint.events import Asked, Connected
from sensor.endpoint.hosts import Hosts, Owner
from sensor.endpoint.processes import Processes, ProcessKey, process_key
from sensor.lookups import Lookup
from sensor.stage import MINUTE, SECOND, Nanoseconds

# An event 3 is written within seconds of its flow's first packet; UDP ports are used again.
FLOW_SPAN: Final = 30 * SECOND

# A connection made this long after the answer still follows on it; an event's record may come
# a little before that of the event 22 it follows on.
FOLLOWS: Final = (-10 * SECOND, 5 * MINUTE)

# Statuses that the host's next event may change.
WAITING: Final = (Status.FEED_BEHIND, Status.FEED_STALE, Status.HOST_NOT_COVERED)


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of attribution.

    `feed` says that a feed is configured at all, `resolvers` are addresses and networks behind
    which the askers stand, `dns_ports` those that event 3 shows a lookup on, `stale` how long
    after a lookup's window a feed that is behind counts as stale.
    """

    feed: bool
    stale: Nanoseconds = 15 * MINUTE
    resolvers: tuple[str, ...] = ()
    dns_ports: frozenset[int] = frozenset({53})


class Known:
    """What is known: lookups, events, hosts, processes, resolvers, and how far the feed is."""

    def __init__(self, settings: Settings, hosts: Hosts) -> None:
        self.settings = settings
        self.hosts = hosts
        self.processes = Processes()
        self.cases = Cases()
        self.events = Events()
        self.coverage = Coverage()
        self.resolvers = Resolvers(settings.resolvers)

    @property
    def evicted(self) -> int:
        """How much was let go of early."""
        return sum(
            each.evicted
            for each in (self.hosts, self.processes, self.events, self.coverage, self.resolvers)
        )

    def stale_at(self, lookup: Lookup) -> Nanoseconds:
        return fit.closes(lookup) + self.settings.stale

    # A lookup.

    def attribute(self, lookup: Lookup, now: Nanoseconds, *, ended: bool) -> Attributed:
        """Say who is held to have asked, and note whose events may yet change that."""
        owners = self.hosts.owners(lookup.client_ip, lookup.first)
        if not self.settings.feed:
            told = Attributed(now, Status.NO_FEED, Status.NO_FEED, lookup, owners=owners)
            self.cases.tell(told, lookup, [owner.computer for owner in owners])
            return told
        heir = self.hosts.heir(lookup.client_ip, lookup.first)
        if heir is not None and heir.computer in [owner.computer for owner in owners]:
            heir = None
        fits = self._exact(lookup)
        is_exact = bool(fits)
        if is_exact:
            fits = self._with_events_of(fits, lookup, owners)
        else:
            fits = self._fits(lookup, owners)
            if not fits and heir is not None:
                fits = self._fits(lookup, (*owners, heir))
                owners = (*owners, heir) if fits else owners
        otherwise = self._without_fit(lookup, owners, now, ended=ended)
        is_behind = otherwise is Status.RESOLVER_VANTAGE
        status = otherwise
        if is_behind and not is_exact:
            fits = ()
        elif fits:
            one = len({each.process.key for each in fits}) == 1 and (is_exact or len(owners) == 1)
            status = Status.ATTRIBUTED if one else Status.AMBIGUOUS
        told = Attributed(
            at=now,
            status=status,
            otherwise=otherwise,
            lookup=lookup,
            fits=fits,
            candidates=self._behind(lookup) if status is Status.RESOLVER_VANTAGE else (),
            owners=owners,
            follow_ons=self._follow_ons(fits, lookup),
        )
        askers = [owner.computer for owner in (*owners, *([heir] if heir else []))]
        self.cases.tell(told, lookup, [*askers, ANYWHERE] if is_behind else askers)
        waits_for = owners[0].computer if otherwise in WAITING else None
        self.coverage.wait(lookup.identity, waits_for, fit.closes(lookup))
        return told

    def _fits(self, lookup: Lookup, owners: tuple[Owner, ...]) -> tuple[Fit, ...]:
        return _best(
            fit.of_event(lookup, event, self.processes.describe(event), owner, len(owners))
            for owner in owners
            for event in self.events.near(lookup, owner.computer)
        )

    def _behind(self, lookup: Lookup) -> tuple[Fit, ...]:
        """Find who may have asked a resolver: any host's events that fit in time."""
        return _best(
            fit.of_event(lookup, event, self.processes.describe(event), None, 0)
            for event in self.events.near(lookup, ANYWHERE)
        )

    def _exact(self, lookup: Lookup) -> tuple[Fit, ...]:
        span = lookup.first - FLOW_SPAN, lookup.last + FLOW_SPAN
        events = [event for flow in lookup.flows for event in self.events.of_flow(flow, span)]
        return _best(fit.of_flow(lookup, each, self.processes.describe(each)) for each in events)

    def _with_events_of(
        self, exact: tuple[Fit, ...], lookup: Lookup, owners: tuple[Owner, ...]
    ) -> tuple[Fit, ...]:
        """Add the events 22 of a process that also shows the flow: they are of this lookup too."""
        processes = {each.process.key for each in exact}
        asked = [each for each in self._fits(lookup, owners) if each.process.key in processes]
        return (*exact, *map(fit.with_flow, asked))

    def _without_fit(
        self, lookup: Lookup, owners: tuple[Owner, ...], now: Nanoseconds, *, ended: bool
    ) -> Status:
        """Tell the status if no event explains the lookup."""
        if self._is_resolver(lookup, owners):
            return Status.RESOLVER_VANTAGE
        if not owners:
            return Status.HOST_UNKNOWN
        if len(owners) > 1:
            return Status.AMBIGUOUS
        computer = owners[0].computer
        if not self.coverage.is_covered(computer):
            return Status.HOST_NOT_COVERED
        if self.coverage.has_passed(computer, fit.closes(lookup)):
            return Status.COVERED_BUT_SILENT
        if ended or now >= self.stale_at(lookup):
            return Status.FEED_STALE
        return Status.FEED_BEHIND

    def _is_resolver(self, lookup: Lookup, owners: tuple[Owner, ...]) -> bool:
        client = lookup.client_ip
        return self.resolvers.has(client, owners) or self.cases.is_server(lookup.qname, client)

    # An event by itself, and what follows on it.

    def alone(self, event: Asked, now: Nanoseconds) -> Attributed:
        """Tell of an event 22 that fits no lookup."""
        follow_on = self._follow_on(event, event.at, frozenset(event.results))
        return Attributed(
            at=now,
            status=Status.ENDPOINT_ONLY,
            otherwise=Status.ENDPOINT_ONLY,
            event=event,
            process=self.processes.describe(event),
            follow_ons=() if follow_on is None else ((event, follow_on),),
            addresses=self.hosts.addresses(event.computer),
        )

    def preceding(self, connection: Connected) -> Iterator[Explanation]:
        """Find the events of the process on which this connection follows most closely."""
        process, ip = process_key(connection), connection.destination_ip
        earliest, latest = connection.at - FOLLOWS[1], connection.at - FOLLOWS[0]
        for other in self.events.connections(process, ip, connection.at, (earliest, latest)):
            if other.at < connection.at:
                earliest = other.at  # what lies before that follows on it more closely
        # An event stands within half a minute of its lookup's last packet.
        span = earliest - FLOW_SPAN, latest + FLOW_SPAN
        for event in self.events.of_process(process, span):
            lookups = [self.cases.lookups[each] for each in self.cases.fitted_by(event)]
            results = event.results if isinstance(event, Asked) else ()
            moments = [each.last for each in lookups if ip in results or ip in each.addresses]
            if not lookups and ip in results:
                moments.append(event.at)
            if any(self._nearest(process, ip, each) == connection for each in moments):
                yield event

    def _follow_ons(
        self, fits: tuple[Fit, ...], lookup: Lookup
    ) -> tuple[tuple[Explanation, FollowOn], ...]:
        found = []
        for each in fits:
            given = lookup.addresses
            if isinstance(each.event, Asked) and not given.issuperset(each.event.results):
                given = given.union(each.event.results)
            follow_on = self._follow_on(each.event, lookup.last, given)
            if follow_on is not None:
                found.append((each.event, follow_on))
        return tuple(found)

    def _follow_on(
        self, event: Explanation, after: Nanoseconds, given: frozenset[str]
    ) -> FollowOn | None:
        """Find the connection nearest in time that the process made to an address it was given."""
        process = process_key(event)
        found = [
            FollowOn(ip, nearest.destination_port, nearest.at - after)
            for ip in given
            if (nearest := self._nearest(process, ip, after)) is not None
        ]
        return min(found, key=lambda each: (abs(each.delay), each.delay, each.ip), default=None)

    def _nearest(self, process: ProcessKey, ip: str, after: Nanoseconds) -> Connected | None:
        span = after + FOLLOWS[0], after + FOLLOWS[1]
        found = self.events.connections(process, ip, after, span)
        return min(found, key=lambda each: abs(each.at - after)) if found else None


def _best(fits: Iterable[Fit]) -> tuple[Fit, ...]:
    return tuple(sorted(fits, key=fit.by_merit))
