"""What attribution remembers, and how it finds it again.

Lookups and events of the last half hour are kept, so that what comes late still counts. A lookup
is found by the computers that may have sent it and its name's first label, for a search suffix
leaves that label as it was; an event by its computer and the name as the program asked it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from sensor.attribution import fit
from sensor.attribution.timeline import Timeline
from sensor.attribution.values import Attributed, Explanation
from sensor.endpoint.events import Asked, Connected
from sensor.endpoint.processes import ProcessKey, process_key
from sensor.lookups import Flow, Identity, Lookup
from sensor.stage import LATEST, MINUTE, Nanoseconds

K = TypeVar("K")

# A feed that is further behind than this no longer changes what was said.
RETAIN: Final = 30 * MINUTE

# A lookup or an event takes 2–4 KB here, so each of these bounds stands for some 200 MB. What
# leaves early keeps the attribution it had.
MOST_CASES: Final = 50_000
MOST_EVENTS: Final = 100_000
MOST_FLOWS: Final = 50_000
MOST_CONNECTIONS: Final = 100_000

# Events of one name on one host that are looked at for one lookup, on either side of it in time;
# those that are weighed, the nearest first; and those of them that are of one process. A program
# that asks ten times a second is seen at once, and each event is near some lookup.
MOST_NEAR: Final = 128
MOST_FITS: Final = 32
MOST_OF_PROCESS: Final = 8

# Stands for all computers, where the asker may be anywhere.
ANYWHERE: Final = ""


class Filed(msgspec.Struct, frozen=True):
    """Where a lookup is filed: under these computers, at its last packet."""

    number: int
    computers: tuple[str, ...]
    last: Nanoseconds


class Cases:
    """The lookups at hand, with what was last said of each."""

    def __init__(self) -> None:
        self.lookups: dict[Identity, Lookup] = {}
        self.told: dict[Identity, Attributed] = {}
        self._numbers = 0
        self._filed: dict[Identity, Filed] = {}
        self._by_host: Timeline[tuple[str, str], Identity] = Timeline()
        self._by_computer: dict[str, dict[Identity, None]] = {}
        self._by_client: dict[str, dict[Identity, None]] = {}
        self._by_asker: dict[tuple[str, str], dict[Identity, None]] = {}
        self._by_server: dict[tuple[str, str], dict[Identity, None]] = {}
        self._by_flow: dict[Flow, dict[Identity, None]] = {}
        self._by_event: dict[Explanation, dict[Identity, None]] = {}

    def put(self, lookup: Lookup) -> None:
        """Keep a lookup, or what is newly known of it."""
        identity = lookup.identity
        before = self.lookups.get(identity)
        self.lookups[identity] = lookup
        if before is not None and before.flows == lookup.flows:
            return
        _add(self._by_client, lookup.client_ip, identity)
        _add(self._by_asker, (lookup.qname, lookup.client_ip), identity)
        for flow in lookup.flows:
            _add(self._by_flow, flow, identity)
            _add(self._by_server, (lookup.qname, flow.server_ip), identity)

    def tell(self, told: Attributed, lookup: Lookup, computers: Iterable[str]) -> None:
        """Note what is said of a lookup, and whose events may yet change it."""
        identity = lookup.identity
        before = self.told.get(identity)
        self.told[identity] = told
        for each in before.fits if before is not None else ():
            _remove(self._by_event, each.event, identity)
        for each in told.fits:
            _add(self._by_event, each.event, identity)
        self._file(lookup, tuple(dict.fromkeys(computers)))

    def renew(self, identity: Identity) -> None:
        """Let a lookup stand last of those that its events fit: it was the last one looked at."""
        for each in self.told[identity].fits:
            _remove(self._by_event, each.event, identity)
            _add(self._by_event, each.event, identity)

    def drop(self, identity: Identity) -> None:
        """Forget a lookup."""
        lookup = self.lookups.pop(identity)
        told = self.told.pop(identity, None)
        for each in told.fits if told is not None else ():
            _remove(self._by_event, each.event, identity)
        self._unfile(lookup)
        _remove(self._by_client, lookup.client_ip, identity)
        _remove(self._by_asker, (lookup.qname, lookup.client_ip), identity)
        for flow in lookup.flows:
            _remove(self._by_flow, flow, identity)
            _remove(self._by_server, (lookup.qname, flow.server_ip), identity)

    def _file(self, lookup: Lookup, computers: tuple[str, ...]) -> None:
        filed = self._filed.get(lookup.identity)
        if (
            filed is not None
            and filed.computers == computers
            and (filed.last == lookup.last or not computers)
        ):
            return
        self._unfile(lookup)
        self._numbers += 1
        self._filed[lookup.identity] = Filed(self._numbers, computers, lookup.last)
        label = first_label(lookup.qname)
        for computer in computers:
            self._by_host.put((computer, label), lookup.last, self._numbers, lookup.identity)
            _add(self._by_computer, computer, lookup.identity)

    def _unfile(self, lookup: Lookup) -> None:
        filed = self._filed.pop(lookup.identity, None)
        if filed is None:
            return
        for computer in filed.computers:
            self._by_host.drop((computer, first_label(lookup.qname)), filed.last, filed.number)
            _remove(self._by_computer, computer, lookup.identity)

    def of_client(self, address: str) -> Iterator[Identity]:
        return iter(self._by_client.get(address, ()))

    def of_computer(self, computer: str) -> Iterator[Identity]:
        return iter(self._by_computer.get(computer, ()))

    def of_flow(self, flow: Flow) -> Iterator[Identity]:
        return iter(self._by_flow.get(flow, ()))

    def fitted_by(self, event: Explanation) -> Iterator[Identity]:
        """Find the lookups that an event was found to fit."""
        return iter(self._by_event.get(event, ()))

    def near(self, event: Asked) -> Iterator[Identity]:
        """Find the lookups that an event may fit by its computer, name and time."""
        label = first_label(event.query_name)
        for computer in (event.computer, ANYWHERE):
            for identity in self._by_host.between((computer, label), *fit.reach(event)):
                fits = fit.fits_in_time(self.lookups[identity], event)
                if fits and not _is_crowded_out(event, self.told[identity]):
                    yield identity

    def is_server(self, qname: str, address: str) -> bool:
        """Say whether an address answers, or is asked, for this name by somebody else."""
        askers = self._by_server.get((qname, address), ())
        return any(self.lookups[asker].client_ip != address for asker in askers)

    def asked_of(self, lookup: Lookup) -> Iterator[Identity]:
        """Find the lookups of the same name whose client is a server of this one."""
        for server in {flow.server_ip: None for flow in lookup.flows}:
            yield from self._by_asker.get((lookup.qname, server), ())


class Events:
    """The events at hand: 22, 3 to a DNS port, and 3 to anywhere else, each by its number."""

    def __init__(self) -> None:
        self._numbers = 0
        self._asked: dict[int, Asked] = {}
        self._flows: dict[int, Connected] = {}
        self._connections: dict[int, Connected] = {}
        self._by_name: Timeline[tuple[str, str], Asked] = Timeline()
        self._by_flow: Timeline[Flow, Connected] = Timeline()
        self._by_process: Timeline[ProcessKey, Explanation] = Timeline()
        self._by_destination: Timeline[tuple[ProcessKey, str], Connected] = Timeline()
        self.evicted = 0

    def put(self, event: Asked) -> int:
        """Keep an event 22; return the number under which it is dropped."""
        number = self._number()
        self._asked[number] = event
        for computer in (event.computer, ANYWHERE):
            self._by_name.put((computer, event.query_name), event.at, number, event)
        self._by_process.put(process_key(event), event.at, number, event)
        return number

    def put_flow(self, event: Connected) -> int:
        """Keep an event 3 to a DNS port."""
        number = self._number()
        self._flows[number] = event
        self._by_flow.put(flow_of(event), event.at, number, event)
        self._by_process.put(process_key(event), event.at, number, event)
        self._bound(self._flows, MOST_FLOWS)
        return number

    def put_connection(self, event: Connected) -> int:
        """Keep where a process connected to."""
        number = self._number()
        self._connections[number] = event
        self._by_destination.put(_destination(event), event.at, number, event)
        self._bound(self._connections, MOST_CONNECTIONS)
        return number

    def drop(self, number: int) -> Asked | None:
        """Forget an event that may be here; return it if it is an event 22."""
        asked = self._asked.pop(number, None)
        if asked is not None:
            for computer in (asked.computer, ANYWHERE):
                self._by_name.drop((computer, asked.query_name), asked.at, number)
            self._by_process.drop(process_key(asked), asked.at, number)
            return asked
        flow = self._flows.pop(number, None)
        if flow is not None:
            self._by_flow.drop(flow_of(flow), flow.at, number)
            self._by_process.drop(process_key(flow), flow.at, number)
        connection = self._connections.pop(number, None)
        if connection is not None:
            self._by_destination.drop(_destination(connection), connection.at, number)
        return None

    @property
    def surplus(self) -> int | None:
        """The number of the event 22 to let go of first, when there are too many."""
        return next(iter(self._asked)) if len(self._asked) > MOST_EVENTS else None

    def near(self, lookup: Lookup, computer: str) -> list[Asked]:
        """Find the events 22 of a computer, or of anyone, that fit best by name and time."""
        span = lookup.last + fit.PATIENT[0], lookup.last + fit.PATIENT[1]
        found: list[Asked] = []
        for name in asked_names(lookup.qname):
            near = self._by_name.nearest((computer, name), lookup.last, span, MOST_NEAR)
            found += fit.among(lookup, near) if near else ()
        if len(found) <= MOST_OF_PROCESS:
            return found
        found.sort(key=lambda event: abs(event.at - lookup.last))
        of_process: Counter[ProcessKey] = Counter()
        nearest = []
        for event in found:
            process = process_key(event)
            of_process[process] += 1
            if of_process[process] <= MOST_OF_PROCESS:
                nearest.append(event)
        return nearest[:MOST_FITS]

    def of_flow(self, flow: Flow, span: tuple[Nanoseconds, Nanoseconds]) -> list[Connected]:
        return self._by_flow.between(flow, *span)

    def of_process(
        self, process: ProcessKey, span: tuple[Nanoseconds, Nanoseconds] = (0, LATEST)
    ) -> list[Explanation]:
        return self._by_process.between(process, *span)

    def connections(
        self,
        process: ProcessKey,
        ip: str,
        around: Nanoseconds,
        span: tuple[Nanoseconds, Nanoseconds],
    ) -> list[Connected]:
        """Find the connections of a process to an address: those next to a moment."""
        return self._by_destination.nearest((process, ip), around, span, 1)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _bound(self, held: dict[int, Connected], most: int) -> None:
        if len(held) > most:
            self.evicted += 1
            self.drop(next(iter(held)))


def _is_crowded_out(event: Asked, told: Attributed) -> bool:
    """Say whether as many events as are weighed at all lie nearer to a lookup than this one."""
    fits = told.fits or told.candidates
    if told.lookup is None or len(fits) < MOST_OF_PROCESS:
        return False
    delay = abs(event.at - told.lookup.last)
    nearer = [each.event for each in fits if abs(each.delay) < delay]
    process = process_key(event)
    return len(nearer) >= MOST_FITS or (
        len(nearer) >= MOST_OF_PROCESS
        and sum(process_key(each) == process for each in nearer) >= MOST_OF_PROCESS
    )


def first_label(name: str) -> str:
    """Cut a name to its first label."""
    return next(asked_names(name))


def asked_names(qname: str) -> Iterator[str]:
    """Spell the names that a program may have asked for: each that a search suffix completes.

    The dot within a label is escaped (RFC 1035 §5.1), and so is a backslash.
    """
    at = 0
    while at < len(qname):
        if qname[at] == "." and at > 0:
            yield qname[:at]
        at += 2 if qname[at] == "\\" else 1
    yield qname


def flow_of(event: Connected) -> Flow:
    return Flow(
        event.source_ip,
        event.source_port,
        event.destination_ip,
        event.destination_port,
        event.transport,
    )


def _destination(event: Connected) -> tuple[ProcessKey, str]:
    return process_key(event), event.destination_ip


def _add(index: dict[K, dict[Identity, None]], key: K, identity: Identity) -> None:
    index.setdefault(key, {})[identity] = None


def _remove(index: dict[K, dict[Identity, None]], key: K, identity: Identity) -> None:
    held = index.get(key)
    if held is not None:
        held.pop(identity, None)
        if not held:
            del index[key]
