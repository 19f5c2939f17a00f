"""The values of attribution (DESIGN §5)."""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from sensor.endpoint.events import Asked, Connected
from sensor.endpoint.hosts import Owner
from sensor.endpoint.processes import Process
from sensor.lookups import Lookup
from sensor.stage import Nanoseconds

Explanation: TypeAlias = Asked | Connected


class Status(StrEnum):
    """How the attribution of a lookup stands; the names are part of the output."""

    NO_FEED = "no_feed"
    RESOLVER_VANTAGE = "resolver_vantage"
    HOST_UNKNOWN = "host_unknown"
    ATTRIBUTED = "attributed"
    AMBIGUOUS = "ambiguous"
    HOST_NOT_COVERED = "host_not_covered"
    FEED_BEHIND = "feed_behind"
    FEED_STALE = "feed_stale"
    COVERED_BUT_SILENT = "covered_but_silent"
    ENDPOINT_ONLY = "endpoint_only"


class Fit(msgspec.Struct, frozen=True, gc=False):
    """An event that fits a lookup.

    `event` is the event 22, or the event 3 that has the lookup's very flow. `basis` lists what
    speaks for it, `against` what speaks against it, `confidence` (0…1) weighs them before the
    lookup is shared among several. `delay` is record time − last packet.
    """

    event: Explanation
    process: Process
    basis: tuple[str, ...]
    against: tuple[str, ...]
    confidence: float
    delay: Nanoseconds
    owner: Owner | None = None


class FollowOn(msgspec.Struct, frozen=True, gc=False):
    """The process connected to an address it had just been given."""

    ip: str
    port: int
    delay: Nanoseconds


class Attributed(msgspec.Struct, frozen=True, gc=False):
    """What is known of one lookup's asker; told anew whenever that changes.

    Either `lookup` is set, with the events that fit it, best first; or `event` is: an event 22
    that no lookup fits. `otherwise` is the status the lookup had if no event fitted: a rule falls
    back on it when the events at hand explain other lookups. `candidates` are the events that fit
    in time on other hosts, where the asker stands behind a resolver. `follow_ons` are by event.
    `addresses` are those that the event's host was last seen with. `retired` says that nothing
    will change it any more.
    """

    at: Nanoseconds
    status: Status
    otherwise: Status
    lookup: Lookup | None = None
    event: Asked | None = None
    process: Process | None = None
    fits: tuple[Fit, ...] = ()
    candidates: tuple[Fit, ...] = ()
    owners: tuple[Owner, ...] = ()
    follow_ons: tuple[tuple[Explanation, FollowOn], ...] = ()
    addresses: tuple[str, ...] = ()
    retired: bool = False
