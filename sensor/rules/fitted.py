"""Of each event 22 the lookups that it fits, and which of them it fits best."""

from collections.abc import Iterable
from typing import TypeAlias

from sensor.attribution.values import Attributed, Fit
from sensor.endpoint.events import Asked
from sensor.lookups import Identity
from sensor.stage import Nanoseconds

Fitting: TypeAlias = tuple[Attributed, Fit]


class Fitted:
    """What one rule's lookups are fitted by."""

    def __init__(self) -> None:
        self._by_event: dict[Asked, dict[Identity, Fitting]] = {}
        self._best: dict[Asked, Identity] = {}

    def put(self, event: Asked, identity: Identity, fitting: Fitting) -> bool:
        """Note how an event fits a lookup; say whether it is that lookup which it fits best."""
        held = self._by_event.setdefault(event, {})
        held[identity] = fitting
        best = self._best.get(event)
        if best is None or _merit(fitting) < _merit(held[best]):
            self._best[event] = identity
            return True
        if best != identity:
            return False
        self._best[event] = _best_of(held)
        return True

    def drop(self, event: Asked, identity: Identity) -> bool:
        """Note that an event fits a lookup no longer; say whether it fitted that one best."""
        held = self._by_event[event]
        del held[identity]
        was_best = self._best[event] == identity
        if not held:
            self.forget(event)
        elif was_best:
            self._best[event] = _best_of(held)
        return was_best

    def best(self, event: Asked) -> Fitting | None:
        identity = self._best.get(event)
        return None if identity is None else self._by_event[event][identity]

    def lookups(self, event: Asked) -> Iterable[Identity]:
        return self._by_event.get(event, ())

    def forget(self, event: Asked) -> None:
        self._by_event.pop(event, None)
        self._best.pop(event, None)


def _best_of(held: dict[Identity, Fitting]) -> Identity:
    return min(held, key=lambda identity: _merit(held[identity]))


def _merit(fitting: Fitting) -> tuple[float, int, Nanoseconds]:
    told, fit = fitting
    return -fit.confidence, abs(fit.delay), told.lookup.first if told.lookup else 0
