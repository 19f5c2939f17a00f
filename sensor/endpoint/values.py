"""JSON values as the texts and numbers Sysmon wrote.

Shippers turn Sysmon's texts into JSON numbers and booleans as they please; here they become what
the event has: decimal numbers, `true` and `false`. Nothing here raises for what a value holds,
except `record_time`, `event_id_of` and `computer_of`, which say what is wrong with a record.
"""

import re
from typing import Final

from sensor.endpoint.reasons import Reason
from sensor.endpoint.record import RejectedError
from sensor.endpoint.times import read_time
from sensor.stage import Nanoseconds

# Windows' and Sysmon's numbers have at most 64 bits: 20 decimal digits, 16 hexadecimal ones.
_DECIMAL: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-f]{1,16}", re.ASCII | re.IGNORECASE)
_LARGEST: Final = (1 << 64) - 1


def member(value: object, path: str) -> object:
    """Follow a dotted path through objects; None where it ends early."""
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: object) -> str:
    """Write a scalar as Sysmon would; empty for null, lists and objects.

    A list of one scalar is that scalar: Elasticsearch does not tell the two apart.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() if abs(value) <= _LARGEST:
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _LARGEST else str(value)
        case [single] if not isinstance(single, list):
            return text(single)
        case _:
            return ""


def whole(value: object) -> int | None:
    """Read a number of at most 64 bits, decimal or `0x` hexadecimal; None when it is none."""
    written = text(value).strip()
    if _DECIMAL.fullmatch(written):
        number = int(written)
        return number if number <= _LARGEST else None
    if _HEXADECIMAL.fullmatch(written):
        return int(written, 16)
    return None


def texts(value: object) -> dict[str, str]:
    """Give an object's scalars as texts; empty when it is no object."""
    if not isinstance(value, dict):
        return {}
    return {str(key): text(item) for key, item in value.items()}


def record_time(*candidates: object) -> Nanoseconds:
    """Read the first of these times that can be read.

    Raises:
        RejectedError: `time_missing`, `time_unreadable`.
    """
    written = [text(candidate) for candidate in candidates]
    for one in written:
        if not one:
            continue
        try:
            return read_time(one)
        except ValueError:
            continue
    raise RejectedError(Reason.TIME_UNREADABLE if any(written) else Reason.TIME_MISSING)


def event_id_of(value: object) -> int:
    """Read an event id, a number or its text.

    Raises:
        RejectedError: `event_id_unreadable`.
    """
    number = whole(value)
    if number is None:
        raise RejectedError(Reason.EVENT_ID_UNREADABLE)
    return number


def computer_of(*candidates: object) -> str:
    """Take the first of these that names a computer.

    Raises:
        RejectedError: `computer_missing`.
    """
    for candidate in candidates:
        name = text(candidate).strip().rstrip(".")
        if name and name != "-":
            return name
    raise RejectedError(Reason.COMPUTER_MISSING)
