"""EVTX records as the `evtx` library and `evtx_dump` write them in JSON, under `Event`.

XML attributes are under `#attributes`, an element's text beside attributes under `#text`, and
ProcessGuid comes without braces. `Event.System.EventRecordID` is the event's own number; the
record's number in the file is another.
"""

from typing import Final

from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (("Event.System",),)


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    system = member(obj, "Event.System")
    return Record(
        event_id=event_id_of(_content(system, "EventID")),
        computer=computer_of(_content(system, "Computer")),
        time=record_time(_attribute(system, "TimeCreated", "SystemTime")),
        data=texts(member(obj, "Event.EventData")),
        channel=text(_content(system, "Channel")),
        record_id=whole(_content(system, "EventRecordID")),
        provider=text(_attribute(system, "Provider", "Name")),
    )


def _content(system: object, name: str) -> object:
    value = member(system, name)
    return value if not isinstance(value, dict) else value.get("#text")


def _attribute(system: object, name: str, attribute: str) -> object:
    """Find an attribute, in the place `evtx_dump --separate-json-attributes` gives it too."""
    value = member(system, f"{name}.#attributes.{attribute}")
    return value if value is not None else member(system, f"{name}_attributes.{attribute}")
