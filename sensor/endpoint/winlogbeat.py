"""Winlogbeat 7, 8 and 9, raw, and the Elastic integration before its ingest pipeline.

The event's fields are in `winlog.event_data`, by Sysmon's names. `message` may be rendered with
the wrong manifest ("ProcessId: 0" while event_data has 356), so it is never read. `process.pid`
under `winlog` is Sysmon's own. The Elastic integration keeps the record time in
`winlog.time_created` and its own time in `@timestamp`.
"""

from typing import Final

from sensor.endpoint.addresses import of_the_computer
from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("winlog.event_id",), ("winlog.computer_name",))


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    winlog = member(obj, "winlog")
    computer = computer_of(member(winlog, "computer_name"))
    return Record(
        event_id=event_id_of(member(winlog, "event_id")),
        computer=computer,
        time=record_time(member(winlog, "time_created"), member(obj, "@timestamp")),
        data=texts(member(winlog, "event_data")),
        channel=text(member(winlog, "channel")),
        record_id=whole(member(winlog, "record_id")),
        addresses=of_the_computer(obj, computer),
        provider=text(member(winlog, "provider_name")),
    )
