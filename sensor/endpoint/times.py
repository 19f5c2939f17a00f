"""Read the times that logs hold, exactly: whole nanoseconds, never through a float.

RFC 3339 §5.6 with any number of fraction digits, and what shippers make of it: a space for the
`T`, no zone (then it is UTC until the host's calibration says otherwise), an offset without
colon, the word UTC. A time outside 1970…2200 is brought to that range's nearer end.
"""

import re
from datetime import date
from typing import Final

from sensor.stage import HOUR, LATEST, MINUTE, SECOND, Nanoseconds

_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)"
    r"(?:[.,](\d+))?"
    r" ?(?:Z|UTC|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 24 * HOUR


def read_time(text: str) -> Nanoseconds:
    """Read one time.

    Args:
        text: `2020-10-09T22:27:49.175Z`, `2020-10-09 18:27:49`, `…T18:27:49.1750000-04:00` …
            Digits past the nanosecond are cut off. A leap second is the one after it.

    Returns:
        Nanoseconds since the Unix epoch, within 1970…2200.

    Raises:
        ValueError: It has another form, or there is no such day or hour.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text[:40]!r}")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    away_hours, away_minutes = int(offset_hours or 0), int(offset_minutes or 0)
    if hour > 23 or minute > 59 or second > 60 or away_hours > 23 or away_minutes > 59:
        raise ValueError(f"no such time: {text[:40]!r}")
    days = date(year, month, day).toordinal() - _EPOCH  # raises ValueError for 30 February
    at = days * _DAY + hour * HOUR + minute * MINUTE + second * SECOND
    at += int((fraction or "")[:9].ljust(9, "0"))
    away = away_hours * HOUR + away_minutes * MINUTE
    at += away if sign == "-" else -away
    return min(max(at, 0), LATEST)
