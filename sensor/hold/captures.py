"""Captures as the river gets them: sifted, and fragments and segments held back."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from sensor.anomalies import Anomaly
from sensor.capture.sifted import Counts, Sifted
from sensor.frame import Frame
from sensor.hold.hold import Hold
from sensor.hold.kept import Tally
from sensor.stage import Nanoseconds


class Dropped:
    """What went no further: dropped by the kernels, or held back and never let go."""

    def __init__(self, counts: Counts, held: Tally) -> None:
        self._counts = counts
        self._held = held

    @property
    def frames(self) -> int:
        return self._counts.frames + self._held.frames

    @property
    def octets(self) -> int:
        """Captured octets."""
        return self._counts.octets + self._held.octets

    @property
    def dns_messages(self) -> int:
        """Messages on the configured ports."""
        return self._counts.dns_messages + self._held.messages

    @property
    def anomalies(self) -> Counter[Anomaly]:
        """What the river would have told of what was held back."""
        return self._held.anomalies

    @property
    def evicted(self) -> Counter[str]:
        """What was held back and a bound made leave before its time, by name."""
        return Counter({f"hold.{name}": n for name, n in self._held.evicted.items()})

    @property
    def reasons(self) -> dict[str, int]:
        """All frames by what the kernels said of them."""
        return {each.name.lower(): n for each, n in sorted(self._counts.reasons.items())}

    @property
    def held(self) -> int:
        """Frames that passed the kernels, were held back, and went no further."""
        return self._held.frames


class HeldCaptures:
    """The frames of sifted captures that go down the river, as one stream.

    Iterating yields (`now`, frame) as `Sifted` does, once.
    """

    def __init__(self, sifted: Sifted, hold: Hold) -> None:
        self._sifted = sifted
        self._hold = hold
        self.problems = sifted.problems
        self.octets_total = sifted.octets_total

    @property
    def octets_read(self) -> int:
        return self._sifted.octets_read

    @property
    def now(self) -> Nanoseconds:
        return self._sifted.now

    @property
    def counts(self) -> Dropped:
        """What went no further so far."""
        return Dropped(self._sifted.counts, self._hold.tally)

    def __iter__(self) -> Iterator[tuple[Nanoseconds, Frame]]:
        hold = self._hold
        with contextlib.closing(self._sifted.reasoned()) as reasoned:
            for now, frame, reason in reasoned:
                for passing in hold(now, frame, reason):
                    yield now, passing
        hold.finish()
