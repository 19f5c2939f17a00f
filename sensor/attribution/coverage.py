"""How far each host's feed has come, and which lookups wait for it to come further."""

from typing import Final

import msgspec

from sensor.attribution.timeline import Timeline
from sensor.endpoint.events import Asked, ProcessEvent
from sensor.lookups import Identity
from sensor.stage import END, Nanoseconds

# Some 200 octets each; a feed of more hosts than this has an invented name in every record. The
# host longest without news leaves, and counts as one of which no event 22 was ever seen.
MOST_COMPUTERS: Final = 200_000


class Progress(msgspec.Struct, frozen=True):
    """The latest record time of a host, and whether any event 22 of it was seen."""

    at: Nanoseconds
    is_covered: bool


class _Wait(msgspec.Struct, frozen=True):
    computer: str
    until: Nanoseconds
    number: int


class Coverage:
    """The hosts met in the feed."""

    def __init__(self) -> None:
        self._hosts: dict[str, Progress] = {}
        self._numbers = 0
        self._waits: dict[Identity, _Wait] = {}
        self._behind: Timeline[str, Identity] = Timeline()
        self.evicted = 0

    def hear(self, event: ProcessEvent) -> list[Identity]:
        """Note an event; find the lookups of its host whose status it may change."""
        before = self._hosts.pop(event.computer, Progress(0, is_covered=False))
        if len(self._hosts) >= MOST_COMPUTERS:
            del self._hosts[next(iter(self._hosts))]
            self.evicted += 1
        is_covered = before.is_covered or isinstance(event, Asked)
        progress = Progress(max(before.at, event.at), is_covered)
        self._hosts[event.computer] = progress
        if not is_covered:
            return []
        return self._behind.between(
            event.computer, 0, progress.at - 1 if before.is_covered else END
        )

    def is_covered(self, computer: str) -> bool:
        """Say whether an event 22 of this host was ever seen."""
        host = self._hosts.get(computer)
        return host is not None and host.is_covered

    def has_passed(self, computer: str, at: Nanoseconds) -> bool:
        """Say whether an event of this host is later than a moment."""
        host = self._hosts.get(computer)
        return host is not None and host.at > at

    def wait(self, identity: Identity, computer: str | None, until: Nanoseconds) -> None:
        """Note that a lookup waits for a host's feed to pass a moment; for none, not any more."""
        before = self._waits.get(identity)
        if before is not None:
            if (before.computer, before.until) == (computer, until):
                return
            del self._waits[identity]
            self._behind.drop(before.computer, before.until, before.number)
        if computer is not None:
            self._numbers += 1
            self._waits[identity] = _Wait(computer, until, self._numbers)
            self._behind.put(computer, until, self._numbers, identity)
