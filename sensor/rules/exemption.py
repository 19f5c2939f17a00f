"""Which exempt event explains which lookup: one event, one lookup.

The matching is kept as large as can be while lookups and events come and go: a lookup that finds
its events taken moves another lookup to another event where there is one, and so on along the
chain (Kuhn's augmenting path, the shortest first).
"""

from typing import Final

from sensor.endpoint.events import Asked
from sensor.lookups import Identity

# A chain is as long as lookups whose windows overlap; past this many events looked at, a program
# that asks every second has shown no gap for minutes, and the search costs more than it finds.
MOST_TRIED: Final = 256


class Exemption:
    """The matching of one rule."""

    def __init__(self) -> None:
        self._choices: dict[Identity, tuple[Asked, ...]] = {}
        self._chosen_by: dict[Asked, dict[Identity, None]] = {}
        self._explained: dict[Identity, Asked] = {}
        self._explains: dict[Asked, Identity] = {}

    def is_explained(self, identity: Identity) -> bool:
        return identity in self._explained

    def offer(self, identity: Identity, events: tuple[Asked, ...]) -> list[Identity]:
        """Say which events may explain a lookup now, each once, best first; none if it needs none.

        Returns:
            The other lookups that have come to be explained by this.
        """
        before = self._choices.get(identity, ())
        held = self._explained.get(identity)
        if held is not None and held in events:
            self._choose(identity, events)
            is_more = not set(events) <= set(before)
            profits = self._make_way(identity, held) if is_more else None
        else:
            self._choose(identity, ())
            profits = None if held is None else self._find_lookup(self._release(identity))
            self._choose(identity, events)
            self._find_event(identity)
        return [] if profits is None else [profits]

    def forget_lookup(self, identity: Identity) -> None:
        """Nothing changes this lookup any more; the event it has spent stays spent."""
        self._choose(identity, ())
        self._choices.pop(identity, None)

    def forget_event(self, event: Asked) -> None:
        identity = self._explains.pop(event, None)
        if identity is not None:
            del self._explained[identity]

    def _choose(self, identity: Identity, events: tuple[Asked, ...]) -> None:
        for event in self._choices.get(identity, ()):
            if event not in events:
                choosers = self._chosen_by[event]
                del choosers[identity]
                if not choosers:
                    del self._chosen_by[event]
        for event in events:
            self._chosen_by.setdefault(event, {})[identity] = None
        self._choices[identity] = events

    def _release(self, identity: Identity) -> Asked:
        held = self._explained.pop(identity)
        del self._explains[held]
        return held

    def _make_way(self, identity: Identity, held: Asked) -> Identity | None:
        """Let a lookup take another event, if one is left and another lookup needs its own."""
        del self._explained[identity]
        if not self._find_event(identity):  # its own still counts as taken
            self._explained[identity] = held
            return None
        del self._explains[held]
        needy = self._find_lookup(held)
        if needy is None:
            self._release(identity)
            self._explained[identity] = held
            self._explains[held] = identity
        return needy

    def _find_event(self, start: Identity) -> bool:
        """Find an event for a lookup, by moving others if need be."""
        taken_by: dict[Asked, Identity] = {}
        waiting = [start]
        for identity in waiting:  # grows meanwhile
            for event in self._choices.get(identity, ()):
                if event in taken_by:
                    continue
                taken_by[event] = identity
                holder = self._explains.get(event)
                if holder is None:
                    self._shift(event, taken_by)
                    return True
                waiting.append(holder)
            if len(taken_by) >= MOST_TRIED:
                break
        return False

    def _shift(self, free: Asked, taken_by: dict[Asked, Identity]) -> None:
        event: Asked | None = free
        while event is not None:
            identity = taken_by[event]
            left = self._explained.get(identity)
            self._explained[identity] = event
            self._explains[event] = identity
            event = left

    def _find_lookup(self, free: Asked) -> Identity | None:
        """Find a lookup for an event that is free, by moving others if need be."""
        takes: dict[Identity, Asked] = {}
        waiting = [free]
        for event in waiting:  # grows meanwhile
            for identity in self._chosen_by.get(event, ()):
                if identity in takes:
                    continue
                takes[identity] = event
                held = self._explained.get(identity)
                if held is None:
                    self._move(identity, takes)
                    return identity
                waiting.append(held)
            if len(takes) >= MOST_TRIED:
                break
        return None

    def _move(self, unexplained: Identity, takes: dict[Identity, Asked]) -> None:
        identity: Identity | None = unexplained
        while identity is not None:
            event = takes[identity]
            left = self._explains.get(event)
            self._explained[identity] = event
            self._explains[event] = identity
            identity = left
