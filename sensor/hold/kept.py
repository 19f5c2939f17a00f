"""Frames kept back under one key, counted while they are, and given back as they came."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from sensor.anomalies import Anomaly
from sensor.frame import Frame
from sensor.stage import Nanoseconds

# What Python takes to keep a frame beside its octets: the frame, the bytes object, a pair, a time.
FRAME: Final = 232


class Tally(msgspec.Struct):
    """Frames that are kept back or were dropped, and what they were.

    `octets` are captured octets, `messages` those on DNS ports that were in them. `evicted` counts
    by name what a bound made leave before its time, `anomalies` what the river would have told.
    """

    frames: int = 0
    octets: int = 0
    messages: int = 0
    evicted: Counter[str] = msgspec.field(default_factory=Counter)
    anomalies: Counter[Anomaly] = msgspec.field(default_factory=Counter)


class Kept(msgspec.Struct):
    """The frames under one key, each with the `now` at which it came; `messages` were in them."""

    frames: list[tuple[Nanoseconds, Frame]] = msgspec.field(default_factory=list)
    octets: int = 0
    messages: int = 0

    def keep(self, now: Nanoseconds, frame: Frame, tally: Tally) -> None:
        """Keep a frame back."""
        self.frames.append((now, frame))
        size = len(frame.data)
        self.octets += size + FRAME
        tally.frames += 1
        tally.octets += size

    def given_back(self, tally: Tally) -> Iterator[Frame]:
        """Give all frames back: they are counted no longer."""
        tally.frames -= len(self.frames)
        tally.messages -= self.messages
        for now, frame in self.frames:
            tally.octets -= len(frame.data)
            yield msgspec.structs.replace(frame, late=now)
