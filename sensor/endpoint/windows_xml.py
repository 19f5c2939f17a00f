"""Windows Event XML (the schema `…/win/2004/08/events/event`), one `<Event>` a record.

`wevtutil`, the Event Viewer, Splunk's XmlWinEventLog, evtx_dump and Sysmon for Linux write it,
with namespace or without, with either quotes, on one line or many, and some behind a syslog
prefix. It is read with defusedxml: no document type, no entities of its own, nothing external.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sensor.endpoint.reasons import Reason
from sensor.endpoint.record import Record, RejectedError
from sensor.endpoint.values import computer_of, event_id_of, record_time, whole

_START: Final = re.compile(r"<Event(?=[\s>])")

# What XML 1.0 §2.2 has no place for, plain or as a reference: programs put it in command lines.
_ILLEGAL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]"
    r"|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]));"
)


def read(written: str) -> Record:
    """Read one event.

    Args:
        written: From anywhere before `<Event` to its end.

    Raises:
        RejectedError: It is no such XML, or the event id, the computer or the time cannot be read.
    """
    event = _parse(written)
    system = _child(event, "System")
    if system is None:
        raise RejectedError(Reason.UNRECOGNISED)
    return Record(
        event_id=event_id_of(_text(system, "EventID").strip()),
        computer=computer_of(_text(system, "Computer")),
        time=record_time(_attribute(system, "TimeCreated", "SystemTime")),
        data=_fields(_child(event, "EventData")),
        channel=_text(system, "Channel"),
        record_id=whole(_text(system, "EventRecordID")),
        provider=_attribute(system, "Provider", "Name"),
    )


def _parse(written: str) -> Element:
    start = _START.search(written)
    if start is None:
        raise RejectedError(Reason.UNRECOGNISED)
    written = written[start.start() :]
    try:
        return _element(written)
    except ParseError:
        pass
    try:
        return _element(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", written))
    except ParseError:
        raise RejectedError(Reason.MALFORMED) from None


def _element(written: str) -> Element:
    try:
        element: Element = fromstring(written, forbid_dtd=True)
    except (DefusedXmlException, UnicodeError, RecursionError):
        raise RejectedError(Reason.MALFORMED) from None
    return element


def _fields(event_data: Element | None) -> dict[str, str]:
    data: dict[str, str] = {}
    for child in event_data if event_data is not None else ():
        name = child.get("Name")
        if name:
            data.setdefault(name, child.text or "")
    return data


def _child(parent: Element, name: str) -> Element | None:
    """Find a child by its name in any namespace."""
    return next((child for child in parent if child.tag.rpartition("}")[2] == name), None)


def _text(parent: Element, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None else child.text or ""


def _attribute(parent: Element, name: str, attribute: str) -> str:
    child = _child(parent, name)
    return "" if child is None else child.get(attribute, "")
