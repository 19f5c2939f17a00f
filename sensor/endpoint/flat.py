"""Windows event fields flat in one object, as Logstash and others leave them.

The OTRF sets of 2022 and 2023 have `EventID`, `TimeCreated`, `@timestamp` and `Hostname`, both
times often local ones that bear a `Z`. Other shippers name the same things a little differently.
"""

from typing import Final

from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

_IDS: Final = ("EventID", "EventId", "EventCode", "event_id")
_TIMES: Final = ("TimeCreated", "SystemTime", "EventTime", "@timestamp")
_COMPUTERS: Final = ("Computer", "ComputerName", "computer_name", "Hostname")
_CHANNELS: Final = ("Channel", "LogName", "log_name")
_RECORD_IDS: Final = ("EventRecordID", "EventRecordId", "RecordNumber", "RecordId", "RecordID")
_PROVIDERS: Final = ("SourceName", "ProviderName", "Provider", "source_name", "provider_name")

NEEDS: Final = (_IDS, _TIMES, _COMPUTERS)


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    data = texts(obj)
    data.pop("Message", None)
    return Record(
        event_id=event_id_of(_first(obj, _IDS)),
        computer=computer_of(*(member(obj, name) for name in _COMPUTERS)),
        time=record_time(*(member(obj, name) for name in _TIMES)),
        data=data,
        channel=text(_first(obj, _CHANNELS)),
        record_id=whole(_first(obj, _RECORD_IDS)),
        provider=text(_first(obj, _PROVIDERS)),
    )


def _first(obj: object, names: tuple[str, ...]) -> object:
    return next((value for name in names if (value := member(obj, name)) is not None), None)
