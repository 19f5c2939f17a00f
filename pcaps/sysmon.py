"""What every make.py builds its event logs of: processes, Sysmon events, log formats.

A `Log` is one computer's Sysmon channel: it numbers records and knows how wrong the computer's
clocks are. What it gives are `Event`s, which a log format turns into text. Fields and their order
are those of Sysmon's manifest, schema 4.80.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from craft import SERVER, WATCHED, Host

CHANNEL = "Microsoft-Windows-Sysmon/Operational"
PROVIDER = "Microsoft-Windows-Sysmon"
SERVICE_PID = 2828  # Sysmon's own, which formats show where one expects the asker's
UNKNOWN = "<unknown process>"
NO_GUID = "{00000000-0000-0000-0000-000000000000}"
TIMEOUT, SERVER_FAILURE, NAME_ERROR = 1460, 9002, 9003  # Win32 codes, as QueryStatus has them

MICROSOFT = "Microsoft Corporation"
TELEGRAM_COMPANY = "Telegram FZ-LLC"


@dataclass(frozen=True)
class Process:
    """A process; its guid follows from image and pid unless given."""

    image: str
    pid: int
    user: str = "CORP\\j.doe"
    original: str = "-"
    company: str = "-"
    command_line: str = ""
    parent: "Process | None" = None
    guid: str = ""

    @property
    def entity(self) -> str:
        """The ProcessGuid."""
        number = zlib.crc32(f"{self.image}|{self.pid}".encode())
        return self.guid or f"{{e56ada26-3766-65f2-{number >> 16:04x}-{number & 0xFFFF:012x}}}"

    def seen_as(self, image: str = UNKNOWN, guid: str | None = None) -> "Process":
        """The same process as Sysmon shows it when it looks too late."""
        return replace(self, image=image, guid=self.entity if guid is None else guid)


EXPLORER = Process(r"C:\Windows\explorer.exe", 4120, original="EXPLORER.EXE", company=MICROSOFT)
WINWORD = Process(
    r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
    5120,
    original="WinWord.exe",
    company=MICROSOFT,
    command_line='"WINWORD.EXE" /n "C:\\Users\\j.doe\\Downloads\\invoice.docm"',
    parent=EXPLORER,
)
POWERSHELL = Process(
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
    7312,
    original="PowerShell.EXE",
    company=MICROSOFT,
    command_line="powershell -nop -w hidden -enc JABzAD0A",
    parent=WINWORD,
)
CURL = Process(
    r"C:\Windows\System32\curl.exe",
    6044,
    original="curl.exe",
    company="curl, https://curl.se/",
    command_line="curl -s https://api.telegram.org/",
    parent=EXPLORER,
)
TELEGRAM = Process(
    r"C:\Users\j.doe\AppData\Roaming\Telegram Desktop\Telegram.exe",
    8804,
    company=TELEGRAM_COMPANY,
    command_line='"C:\\Users\\j.doe\\AppData\\Roaming\\Telegram Desktop\\Telegram.exe"',
    parent=EXPLORER,
)
SVCHOST = Process(
    r"C:\Windows\System32\svchost.exe",
    1512,
    user="NT AUTHORITY\\NETWORK SERVICE",
    original="svchost.exe",
    company=MICROSOFT,
)
DNS_SERVER = Process(
    r"C:\Windows\System32\dns.exe",
    2332,
    user="NT AUTHORITY\\SYSTEM",
    original="dns.exe",
    company=MICROSOFT,
)


@dataclass(frozen=True)
class Event:
    """One record: `at` is the record time as logged, `host` what the shipper says of its host."""

    number: int
    computer: str
    at: int
    record: int
    data: dict[str, str]
    host: dict[str, Any] | None = None


class Log:
    """One computer's Sysmon log.

    `drift` is what the UtcTime of events 3 and 22 is wrong by, `label` what the shipper adds to
    the record time of a zone it takes for UTC; both in nanoseconds. `ships` puts the computer's
    own addresses into `host.ip`, as an agent on the machine does.
    """

    def __init__(
        self, host: Host, *, record: int = 1000, drift: int = 0, label: int = 0, ships: bool = True
    ) -> None:
        self.host = host
        self.record = record
        self.drift = drift
        self.label = label
        self.events: list[Event] = []
        addresses = [address for address in (host.ip, host.ip6) if address]
        name = host.computer
        self.shown = {"name": name, "hostname": name, "ip": addresses} if ships else None

    def started(self, process: Process, when: int) -> Event:
        """Event 1."""
        parent = process.parent or EXPLORER
        data = {
            "ProcessGuid": process.entity,
            "ProcessId": str(process.pid),
            "Image": process.image,
            "FileVersion": "-",
            "Description": "-",
            "Product": "-",
            "Company": process.company,
            "OriginalFileName": process.original,
            "CommandLine": process.command_line or process.image,
            "CurrentDirectory": "C:\\Users\\j.doe\\",
            "User": process.user,
            "IntegrityLevel": "Medium",
            "Hashes": f"SHA256={hashlib.sha256(process.image.encode()).hexdigest().upper()}",
            "ParentProcessGuid": parent.entity,
            "ParentProcessId": str(parent.pid),
            "ParentImage": parent.image,
            "ParentCommandLine": parent.command_line or parent.image,
            "ParentUser": parent.user,
        }
        return self._add(1, when, when - 3_000_000, data)

    def ended(self, process: Process, when: int) -> Event:
        """Event 5."""
        data = {
            "ProcessGuid": process.entity,
            "ProcessId": str(process.pid),
            "Image": process.image,
            "User": process.user,
        }
        return self._add(5, when, when - 2_000_000, data)

    def asked(
        self,
        process: Process,
        when: int,
        results: str = f"::ffff:{SERVER.ip};",
        *,
        name: str = WATCHED,
        status: int = 0,
    ) -> Event:
        """Event 22, written at `when`."""
        data = {
            "ProcessGuid": process.entity,
            "ProcessId": str(process.pid),
            "QueryName": name,
            "QueryStatus": str(status),
            "QueryResults": results,
            "Image": process.image,
            "User": process.user,
        }
        return self._add(22, when, when - 300_000_000 + self.drift, data)

    def connected(
        self,
        process: Process,
        when: int,
        target: Host = SERVER,
        port: int = 443,
        *,
        source: Host | None = None,
        source_port: int = 50123,
        protocol: str = "tcp",
        initiated: bool = True,
    ) -> Event:
        """Event 3."""
        source = source or self.host
        data = {
            "ProcessGuid": process.entity,
            "ProcessId": str(process.pid),
            "Image": process.image,
            "User": process.user,
            "Protocol": protocol,
            "Initiated": str(initiated).lower(),
            "SourceIsIpv6": str(":" in source.ip).lower(),
            "SourceIp": source.ip,
            "SourceHostname": "-",
            "SourcePort": str(source_port),
            "SourcePortName": "-",
            "DestinationIsIpv6": str(":" in target.ip).lower(),
            "DestinationIp": target.ip,
            "DestinationHostname": "-",
            "DestinationPort": str(port),
            "DestinationPortName": "-",
        }
        return self._add(3, when, when - 500_000_000 + self.drift, data)

    def cleared(self) -> None:
        """The log is cleared: its record ids begin again."""
        self.record = 1

    def _add(self, number: int, when: int, utc: int, data: dict[str, str]) -> Event:
        fields = {"RuleName": "-", "UtcTime": _moment(utc).replace("T", " ")[:23], **data}
        event = Event(
            number, self.host.computer, when + self.label, self.record, fields, self.shown
        )
        self.record += 1
        self.events.append(event)
        return event


def _moment(when: int) -> str:
    seconds, rest = divmod(when, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}"


# Log formats: each writes one event as one line without its end.


def winlogbeat(event: Event) -> str:
    """Winlogbeat 8, raw."""
    record = {
        "@timestamp": _moment(event.at)[:23] + "Z",
        "winlog": {
            "channel": CHANNEL,
            "provider_name": PROVIDER,
            "event_id": str(event.number),
            "computer_name": event.computer,
            "record_id": event.record,
            "process": {"pid": SERVICE_PID},
            "event_data": event.data,
        },
    }
    if event.host is not None:
        record["host"] = event.host
    return json.dumps(record)


def winlogbeat6(event: Event) -> str:
    """Winlogbeat 6, through a collector: `host` is the collector's."""
    record = {
        "@timestamp": _moment(event.at)[:23] + "Z",
        "log_name": CHANNEL,
        "source_name": PROVIDER,
        "event_id": event.number,
        "computer_name": event.computer,
        "record_number": str(event.record),
        "process_id": SERVICE_PID,
        "beat": {"hostname": "WEC01", "version": "6.7.0"},
        "host": {"name": "WEC01", "ip": ["10.20.0.99"]},
        "event_data": event.data,
    }
    return json.dumps(record)


def nxlog(event: Event) -> str:
    """NXLog: a record time in whole seconds, and `ProcessId` lost to Sysmon's own `ProcessID`."""
    data = {key: value for key, value in event.data.items() if key != "ProcessId"}
    record = {
        "EventTime": _moment(event.at)[:19].replace("T", " "),
        "EventReceivedTime": _moment(event.at + 4_000_000_000)[:19].replace("T", " "),
        "Hostname": event.computer,
        "host": "wec01.corp.example",
        "EventID": event.number,
        "SourceName": PROVIDER,
        "Channel": CHANNEL,
        "RecordNumber": event.record,
        "ProcessID": SERVICE_PID,
        "ExecutionProcessID": SERVICE_PID,
        **data,
        "Message": "\r\n".join(f"{key}: {value}" for key, value in event.data.items()),
    }
    return json.dumps(record)


def flat(event: Event) -> str:
    """All fields flat in one object, as Logstash leaves them."""
    record = {
        "TimeCreated": _moment(event.at)[:23] + "Z",
        "Hostname": event.computer,
        "EventID": event.number,
        "SourceName": PROVIDER,
        "Channel": CHANNEL,
        "EventRecordID": event.record,
        **event.data,
    }
    return json.dumps(record)


def windows_xml(event: Event, end: str = "") -> str:
    """Windows Event XML; `end` stands after each element."""
    fields = "".join(
        f"<Data Name='{key}'>{escape(value)}</Data>{end}" for key, value in event.data.items()
    )
    return (
        f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>{end}<System>"
        f"<Provider Name='{PROVIDER}' Guid='{{5770385f-c22a-43e0-bf4c-06f5698ffbd9}}'/>"
        f"<EventID>{event.number}</EventID><Version>5</Version>{end}"
        f"<TimeCreated SystemTime='{_moment(event.at)}Z'/>"
        f"<EventRecordID>{event.record}</EventRecordID>"
        f"<Execution ProcessID='{SERVICE_PID}' ThreadID='3824'/>{end}"
        f"<Channel>{CHANNEL}</Channel><Computer>{event.computer}</Computer>"
        f"<Security UserID='S-1-5-18'/></System>{end}<EventData>{end}{fields}</EventData></Event>"
    )


def lines(events: Iterable[Event], form: Callable[[Event], str] = winlogbeat) -> str:
    """Write an event log, one event a line, in the order given."""
    return "".join(form(event) + "\n" for event in events)


def in_order(*logs: Log) -> list[Event]:
    """Join the logs of several computers by record time, as a collector would."""
    return sorted(
        (event for log in logs for event in log.events),
        key=lambda event: (event.at, event.computer, event.record),
    )
