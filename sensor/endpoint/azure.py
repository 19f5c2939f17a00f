"""Azure Log Analytics' tables: WindowsEvent, and Syslog with Sysmon for Linux in it.

WindowsEvent keeps the event's fields in `EventData`, an object written as a *string*. Syslog keeps
the whole event as XML in `SyslogMessage`.
"""

from typing import Final

import msgspec

from sensor.endpoint import windows_xml
from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("EventID",), ("EventData",), ("TimeGenerated",), ("Computer",))
SYSLOG_NEEDS: Final = (("SyslogMessage",),)


def read(obj: object) -> Record:
    """Read one row of the WindowsEvent table.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    return Record(
        event_id=event_id_of(member(obj, "EventID")),
        computer=computer_of(member(obj, "Computer")),
        time=record_time(member(obj, "TimeCreated"), member(obj, "TimeGenerated")),
        data=_fields(member(obj, "EventData")),
        channel=text(member(obj, "Channel")),
        record_id=whole(member(obj, "EventRecordId")),
        provider=text(member(obj, "Provider")),
    )


def read_syslog(obj: object) -> Record:
    """Read one row of the Syslog table.

    Raises:
        RejectedError: As `windows_xml.read`.
    """
    return windows_xml.read(text(member(obj, "SyslogMessage")))


def _fields(event_data: object) -> dict[str, str]:
    if not isinstance(event_data, str):
        return texts(event_data)
    try:
        return texts(msgspec.json.decode(event_data))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return {}
