"""Event time as text, in UTC (RFC 3339)."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sensor.stage import SECOND, Nanoseconds

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: Nanoseconds) -> str:
    """Write a time with six digits: `2026-03-14T09:26:53.589123Z`; what is finer is cut."""
    return f"{_seconds(at)}.{at % SECOND // 1000:06d}Z"


def nanos(at: Nanoseconds) -> str:
    """Write a time with nine digits."""
    return f"{_seconds(at)}.{at % SECOND:09d}Z"


def _seconds(at: Nanoseconds) -> str:
    return (_EPOCH + timedelta(seconds=at // SECOND)).strftime("%Y-%m-%dT%H:%M:%S")
