"""A verdict: what a rule says of a lookup or of an event 22, with all that speaks for it."""

from typing import TypeAlias

import msgspec

from sensor.attribution.values import FollowOn, Status
from sensor.endpoint.events import Asked
from sensor.endpoint.hosts import Owner
from sensor.endpoint.processes import Process
from sensor.lookups import Identity, Lookup
from sensor.stage import Nanoseconds
from sensor.watch import Match

VerdictId: TypeAlias = tuple[str, Identity | Asked]
AlertKey: TypeAlias = tuple[str | int, ...]


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """Somebody who may have asked: a process, or a computer of which no process is known."""

    computer: str
    process: Process | None
    confidence: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What one rule says of one lookup (a wire verdict) or one event 22 (an event verdict).

    `time` is the lookup's first packet, without packets the event's. `key` says which alert it
    belongs to. `is_finding` is whether it is worth telling; it may cease to be. `addresses` are
    those that the host was last seen with, where no packet shows one. `inherits` are the wire
    verdicts that this event explains, and so takes over. `retired` says that nothing will change
    it any more.
    """

    at: Nanoseconds
    id: VerdictId
    rule: str
    key: AlertKey
    time: Nanoseconds
    match: Match
    status: Status
    is_finding: bool
    is_exempt: bool = False
    masquerade: bool = False
    lookup: Lookup | None = None
    event: Asked | None = None
    computer: str | None = None
    process: Process | None = None
    owner: Owner | None = None
    addresses: tuple[str, ...] = ()
    conflicts: int = 0
    confidence: float = 0.0
    basis: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    follow_on: FollowOn | None = None
    reasons: tuple[tuple[str, int], ...] = ()
    evidence: tuple[Asked, ...] = ()
    inherits: tuple[VerdictId, ...] = ()
    retired: bool = False
