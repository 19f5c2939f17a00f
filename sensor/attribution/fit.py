"""Does this event explain that lookup, and how well? (DESIGN §5, "Attribution of a lookup")."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sensor.attribution.values import Fit
from sensor.endpoint.events import Asked, Connected
from sensor.endpoint.hosts import Owner
from sensor.endpoint.processes import Process
from sensor.lookups import Lookup
from sensor.stage import SECOND, Nanoseconds

# Event 22 is written when the lookup completes, mostly 0.1–2 s after the answer.
PROMPT: Final = (-2 * SECOND, 10 * SECOND)

# The resolver went on trying: the event may come before the last packet, and long after it.
PATIENT: Final = (-10 * SECOND, 30 * SECOND)

# Win32: ERROR_TIMEOUT, and DNS_ERROR_RCODE_SERVER_FAILURE, after which the resolver tries others.
RETRIED: Final = frozenset({1460, 9002})

# Of the fitting delays, those seen of prompt answers in real captures.
TIGHT: Final = (-500_000_000, 3 * SECOND)

# The rcodes that Win32 has a code of its own for: both sides tell the same failure.
FAILURES: Final[Mapping[str, int]] = {
    "FORMERR": 9001,
    "SERVFAIL": 9002,
    "NXDOMAIN": 9003,
    "NOTIMP": 9004,
    "REFUSED": 9005,
}

# What each circumstance leaves of the confidence. They weigh candidates against each other and
# are no frequencies; an event that agrees in all stands at 0.97.
FLOW: Final = 0.99
HOST_CONFIGURED: Final = 1.0
HOST_FRESH: Final = 0.98  # evidence within the hour
HOST_OLD: Final = 0.9
HOST_CONFLICT: Final = 0.5
TIME_TIGHT: Final = 0.99
TIME_WIDE: Final = 0.9
ANSWERS_AGREE: Final = 1.0
ANSWERS_ABSENT: Final = 0.95
ANSWERS_CONTRADICT: Final = 0.4


def window(lookup: Lookup, event: Asked | None = None) -> tuple[Nanoseconds, Nanoseconds]:
    """Tell from when to when an event 22 of this lookup may be written, by its record time."""
    return _window(lookup, patient=event is not None and event.query_status in RETRIED)


def _window(lookup: Lookup, *, patient: bool) -> tuple[Nanoseconds, Nanoseconds]:
    before, after = PATIENT if patient or lookup.outcome == "unanswered" else PROMPT
    return lookup.last + before, max(lookup.first, lookup.last) + after


def closes(lookup: Lookup) -> Nanoseconds:
    """Tell the last moment at which an event 22 of this lookup may be written.

    A server failure on the wire is the resolver's cue to try others, and then to say 9002.
    """
    after = PATIENT[1] if lookup.rcode == "SERVFAIL" else 0
    return max(window(lookup)[1], lookup.last + after)


def reach(event: Asked) -> tuple[Nanoseconds, Nanoseconds]:
    """Tell from when to when the last packet of a lookup may be, for this event to fit it."""
    return event.at - PATIENT[1], event.at - PATIENT[0]


def is_named(lookup: Lookup, event: Asked) -> bool:
    """Say whether the event's name is the lookup's, or becomes it by a search suffix."""
    if event.query_name == lookup.qname:
        return True
    return not event.rooted and lookup.qname.startswith(event.query_name + ".")


def fits_in_time(lookup: Lookup, event: Asked) -> bool:
    """Say whether name and record time fit, whoever's event it is."""
    earliest, latest = window(lookup, event)
    return earliest <= event.at <= latest and is_named(lookup, event)


def among(lookup: Lookup, events: Iterable[Asked]) -> list[Asked]:
    """Choose of many events those that fit by name and record time."""
    prompt, patient = _window(lookup, patient=False), _window(lookup, patient=True)
    found = []
    for event in events:
        earliest, latest = patient if event.query_status in RETRIED else prompt
        if earliest <= event.at <= latest and is_named(lookup, event):
            found.append(event)
    return found


def of_event(
    lookup: Lookup, event: Asked, process: Process, owner: Owner | None, owners: int
) -> Fit:
    """Weigh an event 22 that fits; `owners` says how many computers may hold the address."""
    delay = event.at - lookup.last
    answers, agreement = _answers(lookup, event)
    confidence = answers * (TIME_TIGHT if TIGHT[0] <= delay <= TIGHT[1] else TIME_WIDE)
    confidence *= _host(lookup, owner, owners)
    basis = ["host_identity"] if owner is not None else []
    basis += ["qname", *(["answers"] if agreement == "agree" else []), "time"]
    against = ["answers"] if agreement == "contradict" else []
    if owners > 1:
        against.append("host_identity")
    return Fit(event, process, tuple(basis), tuple(against), round(confidence, 2), delay, owner)


def of_flow(lookup: Lookup, event: Connected, process: Process) -> Fit:
    """Weigh an event 3 that has the lookup's very flow: nothing can be better."""
    owner = Owner(event.computer, "sysmon3", event.at)
    basis = ("host_identity", "time", "flow")
    return Fit(event, process, basis, (), FLOW, event.at - lookup.last, owner)


def with_flow(fit: Fit) -> Fit:
    """Weigh an event 22 anew that is of the very process whose flow carried the lookup."""
    return msgspec.structs.replace(fit, basis=(*fit.basis, "flow"), confidence=FLOW)


def _answers(lookup: Lookup, event: Asked) -> tuple[float, str]:
    """Compare what the wire answered with what the event says it was given.

    An event lists addresses and the names on the way (`type: 5 …`). Either side may hold a part
    of the whole only (A and AAAA are two answers, an event may hold one), so one address in
    common agrees, and only two full hands of one family with nothing in common contradict. Names
    count where addresses say nothing.
    """
    wire = lookup.addresses
    told = frozenset(event.results)
    if wire & told:
        return ANSWERS_AGREE, "agree"
    if any(_of_family(wire, family) and _of_family(told, family) for family in (4, 6)):
        return ANSWERS_CONTRADICT, "contradict"
    targets = {record.target for record in lookup.answers if record.target is not None}
    if targets & set(event.names):
        return ANSWERS_AGREE, "agree"
    if event.query_status is not None and FAILURES.get(lookup.rcode or "") == event.query_status:
        return ANSWERS_AGREE, "agree"
    if wire and event.query_status == FAILURES["NXDOMAIN"]:
        return ANSWERS_CONTRADICT, "contradict"
    return ANSWERS_ABSENT, "absent"


def _of_family(addresses: frozenset[str], family: int) -> bool:
    return any((":" in address) == (family == 6) for address in addresses)


def _host(lookup: Lookup, owner: Owner | None, owners: int) -> float:
    if owner is None or owners > 1:
        return HOST_CONFLICT
    if owner.observed is None:
        return HOST_CONFIGURED
    return HOST_FRESH if owner.is_fresh(lookup.first) else HOST_OLD


def by_merit(fit: Fit) -> tuple[float, int, Nanoseconds, str, int]:
    """Sort the best first; ties by nearness in time, then by what never changes."""
    event = fit.event
    record = -1 if event.record_id is None else event.record_id
    return -fit.confidence, abs(fit.delay), event.at, event.computer, record
