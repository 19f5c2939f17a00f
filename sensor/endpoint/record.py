"""A log record: one Sysmon event as a log format holds it, before it is understood."""

from collections.abc import Mapping

import msgspec

from sensor.stage import Nanoseconds


class Record(msgspec.Struct, frozen=True):
    """What every log format is brought to.

    `time` is the record time (never the event's `UtcTime`), read as UTC where it bears no zone.
    `data` holds the event's own fields by Sysmon's names, as text. `addresses` are those the
    shipper reports for the Computer itself, never a collector's. `provider` is the source that
    wrote the event, empty where the format does not say.
    """

    event_id: int
    computer: str
    time: Nanoseconds
    data: Mapping[str, str]
    channel: str = ""
    record_id: int | None = None
    addresses: tuple[str, ...] = ()
    provider: str = ""


class RejectedError(Exception):
    """A record that cannot be read; its one argument is the reason's name, which is counted."""
