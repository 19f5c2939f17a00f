"""Wazuh's event channel JSON: `win.system` and `win.eventdata`, in lower camel case.

Alerts have it under `data`. Empty fields are left out, and backslashes are doubled once more
than JSON asks.
"""

from typing import Final

from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("win.system", "data.win.system"),)


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    win = member(obj, "win") or member(obj, "data.win")
    system = member(win, "system")
    return Record(
        event_id=event_id_of(member(system, "eventID")),
        computer=computer_of(member(system, "computer")),
        time=record_time(member(system, "systemTime")),
        data=_fields(texts(member(win, "eventdata"))),
        channel=text(member(system, "channel")),
        record_id=whole(member(system, "eventRecordID")),
        provider=text(member(system, "providerName")),
    )


def _fields(camel: dict[str, str]) -> dict[str, str]:
    # No Windows path has two backslashes behind its drive: then all fields are doubled.
    doubled = any(":\\\\" in value for value in camel.values())
    return {
        key[:1].upper() + key[1:]: value.replace("\\\\", "\\") if doubled else value
        for key, value in camel.items()
    }
