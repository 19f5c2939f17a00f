"""Make a process event of a record: what Sysmon's fields mean, and which of them mean nothing.

Field names and their order: Sysmon's manifest; `-`, an empty text and `(null)` stand for nothing.
The grammar of QueryResults: items each ended by `;`, an address (IPv4-mapped for lookups of both
families) or `type:  N name`, the name sometimes absent.
"""

import re
import sys
from collections.abc import Callable, Mapping
from typing import Final, TypedDict

from sensor.dns.names import canonical, escape
from sensor.endpoint.addresses import canonical_address
from sensor.endpoint.events import Asked, Connected, Ended, ProcessEvent, Started
from sensor.endpoint.reasons import Reason
from sensor.endpoint.record import Record, RejectedError
from sensor.endpoint.times import read_time
from sensor.endpoint.values import whole
from sensor.stage import Nanoseconds

UNKNOWN_PROCESS: Final = "<unknown process>"

_PROVIDERS: Final = ("microsoft-windows-sysmon", "linux-sysmon")
_NOTHING: Final = frozenset(("", "-", "(null)"))
_UNKNOWN: Final = frozenset((UNKNOWN_PROCESS, "&lt;unknown process&gt;"))

_GUID: Final = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.ASCII)
_NO_GUID: Final = "{00000000-0000-0000-0000-000000000000}"
_HASH: Final = re.compile(r"(md5|sha1|sha256|imphash)=([0-9a-f]{32,64})", re.ASCII)
_LARGEST_PID: Final = (1 << 32) - 1

_TYPED: Final = re.compile(r"type:\s*\d+\s*(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
# A response over TCP has 65,535 octets, an address record in it 16 at least (RFC 1035 §3.2.1).
_MOST_RESULTS: Final = 4096
_WIN32: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)

_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}
_TRANSPORTS: Final = frozenset(("udp", "tcp"))
_LARGEST_PORT: Final = 65535


class _Shared(TypedDict):
    at: Nanoseconds
    computer: str
    channel: str
    record_id: int | None
    record_time: Nanoseconds
    utc_time: Nanoseconds | None
    guid: str | None
    pid: int | None
    image: str | None
    user: str | None
    addresses: tuple[str, ...]


def interpret(record: Record) -> ProcessEvent | None:
    """Read a record as Sysmon event 1, 3, 5 or 22.

    Args:
        record: What a log format made of the text.

    Returns:
        The event, `at` being the record time as logged; None when the record is none of these
        four or names a provider that is not Sysmon.

    Raises:
        RejectedError: `computer_missing`, `field_missing` or `field_unreadable` where the event
            is nothing without that field: a connection's ends, a lookup's name.
    """
    read = _EVENTS.get(record.event_id)
    if read is None:
        return None
    if record.provider and record.provider.strip().lower() not in _PROVIDERS:
        return None
    computer = record.computer.strip().rstrip(".").lower()
    if computer in _NOTHING:
        raise RejectedError(Reason.COMPUTER_MISSING)
    data = record.data
    shared: _Shared = {
        "at": record.time,
        # The same few texts are on every event of a log: one copy of each is enough.
        "computer": sys.intern(computer),
        "channel": sys.intern(record.channel.strip()),
        "record_id": record.record_id,
        "record_time": record.time,
        "utc_time": _time(data),
        "guid": _guid(data, "ProcessGuid"),
        "pid": _pid(data, "ProcessId"),
        "image": _image(data, "Image"),
        "user": _interned(_said(data, "User")),
        "addresses": record.addresses,
    }
    return read(shared, data)


def _started(shared: _Shared, data: Mapping[str, str]) -> Started:
    return Started(
        **shared,
        original_file_name=_stated(data, "OriginalFileName"),
        company=_stated(data, "Company"),
        product=_stated(data, "Product"),
        description=_stated(data, "Description"),
        file_version=_stated(data, "FileVersion"),
        command_line=_said(data, "CommandLine"),
        hashes=_hashes(data.get("Hashes", "")),
        parent_guid=_guid(data, "ParentProcessGuid"),
        parent_pid=_pid(data, "ParentProcessId"),
        parent_image=_image(data, "ParentImage"),
        parent_command_line=_said(data, "ParentCommandLine"),
    )


def _connected(shared: _Shared, data: Mapping[str, str]) -> Connected:
    transport = _needed(data, "Protocol").lower()
    initiated = _TRUTHS.get(_needed(data, "Initiated").lower())
    if transport not in _TRANSPORTS or initiated is None:
        raise RejectedError(Reason.FIELD_UNREADABLE)
    return Connected(
        **shared,
        transport=transport,
        initiated=initiated,
        source_ip=_address(data, "SourceIp"),
        source_port=_port(data, "SourcePort"),
        destination_ip=_address(data, "DestinationIp"),
        destination_port=_port(data, "DestinationPort"),
    )


def _ended(shared: _Shared, _data: Mapping[str, str]) -> Ended:
    return Ended(**shared)


def _asked(shared: _Shared, data: Mapping[str, str]) -> Asked:
    asked = _needed(data, "QueryName")
    query_results = _said(data, "QueryResults")
    results, names = _results(query_results or "")
    return Asked(
        **shared,
        query_name=_name(asked),
        rooted=asked.endswith("."),
        query_status=_status(data.get("QueryStatus", "")),
        query_results=query_results,
        results=results,
        names=names,
    )


_EVENTS: Final[Mapping[int, Callable[[_Shared, Mapping[str, str]], ProcessEvent]]] = {
    1: _started,
    3: _connected,
    5: _ended,
    22: _asked,
}


def _said(data: Mapping[str, str], name: str) -> str | None:
    """Give a field's text, None when it stands for nothing."""
    written = data.get(name, "")
    return None if written.strip() in _NOTHING else written


def _stated(data: Mapping[str, str], name: str) -> str | None:
    """Give a text of the image's version resource; Sysmon writes `?` where there is none."""
    written = _said(data, name)
    return None if written is not None and written.strip() == "?" else written


def _needed(data: Mapping[str, str], name: str) -> str:
    written = data.get(name, "").strip()
    if written in _NOTHING:
        raise RejectedError(Reason.FIELD_MISSING)
    return written


def _interned(written: str | None) -> str | None:
    return None if written is None else sys.intern(written)


def _image(data: Mapping[str, str], name: str) -> str | None:
    written = _said(data, name)
    if written is not None and written.strip().lower() in _UNKNOWN:
        return UNKNOWN_PROCESS
    return _interned(written)


def _guid(data: Mapping[str, str], name: str) -> str | None:
    match = _GUID.fullmatch(data.get(name, "").strip().lower())
    if match is None:
        return None
    guid = f"{{{match[1]}}}"
    return None if guid == _NO_GUID else guid


def _pid(data: Mapping[str, str], name: str) -> int | None:
    """Read a process id; 0 is the idle process, which starts and asks nothing."""
    number = whole(data.get(name))
    return number if number and number <= _LARGEST_PID else None


def _time(data: Mapping[str, str]) -> Nanoseconds | None:
    try:
        return read_time(data.get("UtcTime", ""))
    except ValueError:
        return None


def _hashes(written: str) -> tuple[tuple[str, str], ...]:
    """Read `SHA1=…,MD5=…`. An IMPHASH of zeros says that the image imports nothing."""
    pairs = {kind: digest for kind, digest in _HASH.findall(written.lower()) if digest.strip("0")}
    return tuple(sorted(pairs.items()))


def _address(data: Mapping[str, str], name: str) -> str:
    address = canonical_address(_needed(data, name))
    if address is None:
        raise RejectedError(Reason.FIELD_UNREADABLE)
    return address


def _port(data: Mapping[str, str], name: str) -> int:
    number = whole(_needed(data, name))
    if number is None or number > _LARGEST_PORT:
        raise RejectedError(Reason.FIELD_UNREADABLE)
    return number


def _status(written: str) -> int | None:
    written = written.strip()
    return int(written) if _WIN32.fullmatch(written) else None


def _name(written: str) -> str:
    """Write a query name as our own names are, even one that no DNS message could carry."""
    try:
        return canonical(written)
    except ValueError:
        labels = written.lower().removesuffix(".").encode("utf-8", "surrogatepass").split(b".")
        return ".".join(escape(label) for label in labels)


def _results(written: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read QueryResults: the addresses and the names in it, each once, in the order listed."""
    addresses: dict[str, None] = {}
    names: dict[str, None] = {}
    for item in written.split(";", _MOST_RESULTS)[:_MOST_RESULTS]:
        typed = _TYPED.fullmatch(item.strip())
        if typed is None:
            address = canonical_address(item.strip())
            if address is not None:
                addresses[address] = None
        elif typed[1].strip() not in _NOTHING:
            names[_name(typed[1].strip())] = None
    return tuple(addresses), tuple(names)
