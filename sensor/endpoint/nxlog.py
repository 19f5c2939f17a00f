"""NXLog's JSON of the Windows event log (`im_msvistalog`): every field flat in one object.

`EventTime` is the computer's local time without zone, in whole seconds; `@timestamp` and
`EventReceivedTime` are the collector's, as is `host`. `ProcessID` and `ExecutionProcessID` are
Sysmon's own. NXLog's names know no case, so the event's `ProcessId` may be lost to `ProcessID`:
a field that is lost is read from `Message`, and only such a one.
"""

import re
from collections.abc import Mapping
from typing import Final

from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("EventID",), ("EventTime",), ("Hostname",))

# Sysmon's fields that are read here: a command line may hold lines that look like any other.
_LINE: Final = re.compile(
    r"^(RuleName|UtcTime|ProcessGuid|ProcessId|Image|User|CommandLine|OriginalFileName|Company"
    r"|Product|Description|FileVersion|Hashes|ParentProcessGuid|ParentProcessId|ParentImage"
    r"|ParentCommandLine|Protocol|Initiated|SourceIp|SourcePort|DestinationIp|DestinationPort"
    r"|QueryName|QueryStatus|QueryResults): ?(.*?)\r?$",
    re.MULTILINE,
)

# What a manifest of another version leaves of a field it does not know.
_PLACEHOLDER: Final = re.compile(r"%\d+", re.ASCII)


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    data = texts(obj)
    message = data.pop("Message", "")
    return Record(
        event_id=event_id_of(member(obj, "EventID")),
        computer=computer_of(member(obj, "Hostname")),
        time=record_time(member(obj, "EventTime")),
        data=with_lost(data, message),
        channel=text(member(obj, "Channel")),
        record_id=whole(member(obj, "RecordNumber")),
        provider=text(member(obj, "SourceName")),
    )


def with_lost(data: Mapping[str, str], message: str) -> dict[str, str]:
    """Add the fields that only the rendered message still has."""
    found: dict[str, str] = {}
    if message and not data.get("ProcessId"):
        for name, value in _LINE.findall(message):
            if not _PLACEHOLDER.fullmatch(value):
                found.setdefault(name, value)  # a later line may be part of a command line
    return {**found, **data}
