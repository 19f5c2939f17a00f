"""Why a record was rejected: a closed list, whose names are counted in the statistics."""

from enum import StrEnum


class Reason(StrEnum):
    """The names are part of the output: they are added to, never renamed."""

    UNRECOGNISED = "unrecognised"  # no format's keys are there
    MALFORMED = "malformed"  # JSON or XML that is none
    OVERSIZE = "oversize"  # longer than a record may be
    CUT = "cut"  # the file ends within it
    CORRUPT = "corrupt"  # an EVTX record or chunk that cannot be read
    EVENT_ID_UNREADABLE = "event_id_unreadable"
    COMPUTER_MISSING = "computer_missing"
    TIME_MISSING = "time_missing"
    TIME_UNREADABLE = "time_unreadable"
    FIELD_MISSING = "field_missing"  # one that the event is nothing without
    FIELD_UNREADABLE = "field_unreadable"
