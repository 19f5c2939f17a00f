"""Winlogbeat 6: the event's members at the top level, its fields in `event_data`.

`beat` and mostly `host` are the collector; `process_id` is Sysmon's own.
"""

from typing import Final

from sensor.endpoint.addresses import of_the_computer
from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("event_id",), ("computer_name",), ("@timestamp",))


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    computer = computer_of(member(obj, "computer_name"))
    return Record(
        event_id=event_id_of(member(obj, "event_id")),
        computer=computer,
        time=record_time(member(obj, "@timestamp")),
        data=texts(member(obj, "event_data")),
        channel=text(member(obj, "log_name")),
        record_id=whole(member(obj, "record_number")),
        addresses=of_the_computer(obj, computer),
        provider=text(member(obj, "source_name")),
    )
