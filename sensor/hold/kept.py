"""Frames kept back under one key, counted while they are, and given back as they came."""

from collections import Counter, OrderedDict
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

    def keep(self, now: Nanoseconds, frame: Frame, tally: Tally) -> int:
        """Keep a frame back; tell the memory that it takes."""
        self.frames.append((now, frame))
        taken = len(frame.data) + FRAME
        self.octets += taken
        tally.frames += 1
        tally.octets += len(frame.data)
        return taken

    def count(self, messages: int, tally: Tally) -> None:
        """Count messages that were in the frames."""
        self.messages += messages
        tally.messages += messages

    def given_back(self, tally: Tally) -> Iterator[Frame]:
        """Give all frames back: they are counted no longer."""
        tally.frames -= len(self.frames)
        tally.messages -= self.messages
        for now, frame in self.frames:
            tally.octets -= len(frame.data)
            yield msgspec.structs.replace(frame, late=now)


class Passing:
    """The keys that the river has something of, and when it will have forgotten them.

    `most` of them are remembered, as many as the river has room for, or more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: OrderedDict[bytes, Nanoseconds] = OrderedDict()

    def until(self, key: bytes) -> Nanoseconds:
        """Tell when the river will have forgotten a key, 0 where it knows nothing of it."""
        return self._until.get(key, 0)

    def note(self, key: bytes, until: Nanoseconds) -> None:
        """Note that the river got something of a key."""
        self._until[key] = until
        self._until.move_to_end(key)
        if len(self._until) > self._most:
            self._until.popitem(last=False)
