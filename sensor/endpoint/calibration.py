"""Learn from a computer's events 1 and 5 by how much its record times are not UTC.

Their `UtcTime` is right, so record time − `UtcTime` is about 0, or a whole number of quarter
hours where a shipper labels local time as UTC (no zone is finer). The `UtcTime` of events 3 and
22 drifts and says nothing.

The zone may change within a log (summer time, a laptop that travels), so a shift is what most of
the observations nearest in record time say. Which observations are kept when there are too many
depends on themselves alone, so the order in which they came changes nothing.
"""

import bisect
import zlib
from collections import Counter
from typing import Final

from sensor.endpoint.events import Ended, ProcessEvent, Started
from sensor.stage import HOUR, MINUTE, SECOND, Nanoseconds

_QUARTER: Final = 15 * MINUTE

# Zones run from −12 to +14 hours; a host set to one that labels its time as another's is off by
# 26 at most. −19 hours occur in real logs.
_FARTHEST: Final = 26 * HOUR

# An event is written a moment after its UtcTime; NXLog cuts the record time to whole seconds.
_RESIDUAL: Final = 10 * SECOND

_NEAREST: Final = 5

# Observations a computer: a sample this large misses no stretch of a log that matters. Computers:
# more than one sensor's feed will have, and the bound on what an invented name costs.
_MOST_OBSERVATIONS: Final = 2048
_MOST_COMPUTERS: Final = 16384

_Observation = tuple[Nanoseconds, int]  # record time, shift in quarter hours


class Calibration:
    """The shifts of all computers. Its state is plain values."""

    def __init__(self) -> None:
        self._observations: dict[str, set[_Observation]] = {}
        self._sorted: dict[str, list[_Observation]] = {}
        self._ceiling: tuple[int, str] | None = None

    def observe(self, event: ProcessEvent) -> None:
        """Learn from an event, if it is one that says something."""
        if not isinstance(event, Started | Ended) or event.utc_time is None:
            return
        difference = event.record_time - event.utc_time
        quarters = (difference + _QUARTER // 2) // _QUARTER
        if abs(quarters * _QUARTER) > _FARTHEST:
            return
        if abs(difference - quarters * _QUARTER) > _RESIDUAL:
            return
        seen = self._observations.get(event.computer)
        if seen is None:
            if self._ceiling is not None and _computer_order(event.computer) > self._ceiling:
                return
            seen = self._observations[event.computer] = set()
        seen.add((event.record_time, quarters))
        self._sorted.pop(event.computer, None)
        if len(seen) > 2 * _MOST_OBSERVATIONS:
            self._observations[event.computer] = set(_sample(seen))
        if len(self._observations) > 2 * _MOST_COMPUTERS:
            self._let_go()

    def shift(self, computer: str, record_time: Nanoseconds) -> Nanoseconds:
        """Say what to subtract from a computer's record time to have UTC; 0 where none is known."""
        if len(self._observations) > _MOST_COMPUTERS:
            self._let_go()
        known = self._sorted.get(computer)
        if known is None:
            seen = self._observations.get(computer)
            if seen is None:
                return 0
            known = self._sorted[computer] = sorted(_sample(seen))
        near = _nearest(known, record_time)
        votes = Counter(quarters for _, quarters in near)
        # Of equal votes the smaller shift: it claims less.
        quarters = min(votes, key=lambda q: (-votes[q], abs(q), q))
        return quarters * _QUARTER

    def _let_go(self) -> None:
        """Keep the computers of least checksum; what is let go is never taken up again."""
        kept = sorted(self._observations, key=_computer_order)[:_MOST_COMPUTERS]
        self._observations = {name: self._observations[name] for name in kept}
        self._sorted.clear()
        self._ceiling = _computer_order(kept[-1])


def _sample(seen: set[_Observation]) -> list[_Observation]:
    """Keep those of least checksum: the same ones, whatever came first."""
    return sorted(seen, key=_order)[:_MOST_OBSERVATIONS]


def _order(observation: _Observation) -> tuple[int, _Observation]:
    return zlib.crc32(b"%d %d" % observation), observation


def _computer_order(name: str) -> tuple[int, str]:
    return zlib.crc32(name.encode(errors="replace")), name


def _nearest(known: list[_Observation], record_time: Nanoseconds) -> list[_Observation]:
    """Give the observations nearest in record time, earlier ones first where equally far."""
    middle = bisect.bisect_left(known, (record_time,))
    around = known[max(0, middle - _NEAREST) : middle + _NEAREST]
    return sorted(around, key=lambda seen: (abs(seen[0] - record_time), seen))[:_NEAREST]
