"""The same event in every log format, as small as each allows, and with everything in it."""

import json
from typing import Final

from sensor.stage import SECOND

COMPUTER: Final = "FIN-WS-0231.corp.example"
TIME: Final = 1_795_516_800 * SECOND + 123_000_000
ISO: Final = "2026-11-24T10:40:00.123Z"
GUID: Final = "{3cfdee80-2f7d-605b-f50a-00000000ae01}"
CHANNEL: Final = "Microsoft-Windows-Sysmon/Operational"
PROVIDER: Final = "Microsoft-Windows-Sysmon"

DATA: Final = {
    "RuleName": "-",
    "UtcTime": "2026-11-24 10:39:59.800",
    "ProcessGuid": GUID,
    "ProcessId": "7172",
    "QueryName": "api.telegram.org",
    "QueryStatus": "0",
    "QueryResults": "::ffff:149.154.166.110;",
    "Image": r"C:\Users\ann\AppData\Local\Temp\bot.exe",
    "User": r"CORP\ann",
}


def winlogbeat(data: dict[str, str] | None = None, event_id: object = 22) -> dict[str, object]:
    return {
        "@timestamp": ISO,
        "winlog": {
            "channel": CHANNEL,
            "provider_name": PROVIDER,
            "event_id": event_id,
            "computer_name": COMPUTER,
            "record_id": 113892,
            "process": {"pid": 2332},
            "event_data": data or DATA,
        },
    }


def winlogbeat6() -> dict[str, object]:
    return {
        "@timestamp": ISO,
        "log_name": CHANNEL,
        "source_name": PROVIDER,
        "event_id": 22,
        "computer_name": COMPUTER,
        "record_number": "113892",
        "process_id": 2332,
        "beat": {"hostname": "WECserver"},
        "host": {"name": "WECserver"},
        "event_data": DATA,
    }


def nxlog() -> dict[str, object]:
    return {
        "EventTime": "2026-11-24 10:40:00",
        "EventReceivedTime": "2026-11-24 10:40:07",
        "@timestamp": "2026-11-24T17:00:00.123Z",
        "Hostname": COMPUTER,
        "host": "wec.internal.example",
        "EventID": 22,
        "SourceName": PROVIDER,
        "Channel": CHANNEL,
        "RecordNumber": 113892,
        "ExecutionProcessID": 2332,
        **DATA,
    }


def flat() -> dict[str, object]:
    return {
        "TimeCreated": ISO,
        "@timestamp": ISO,
        "Hostname": COMPUTER,
        "EventID": 22,
        "SourceName": PROVIDER,
        "Channel": CHANNEL,
        "EventRecordID": 113892,
        **DATA,
    }


def wazuh() -> dict[str, object]:
    return {
        "win": {
            "system": {
                "providerName": PROVIDER,
                "eventID": "22",
                "systemTime": "2026-11-24T10:40:00.1234567Z",
                "eventRecordID": "113892",
                "channel": CHANNEL,
                "computer": COMPUTER,
            },
            "eventdata": {
                key[0].lower() + key[1:]: value.replace("\\", "\\\\")
                for key, value in DATA.items()
                if value != "-"
            },
        }
    }


def azure() -> dict[str, object]:
    return {
        "TimeGenerated": ISO,
        "Computer": COMPUTER,
        "Provider": PROVIDER,
        "Channel": CHANNEL,
        "EventID": 22,
        "Task": 1,
        "EventRecordId": "113892",
        "EventData": json.dumps(DATA),
    }


def evtx_json() -> dict[str, object]:
    return {
        "Event": {
            "System": {
                "Provider": {"#attributes": {"Name": PROVIDER}},
                "EventID": {"#text": 22, "#attributes": {"Qualifiers": 0}},
                "TimeCreated": {"#attributes": {"SystemTime": "2026-11-24T10:40:00.123456Z"}},
                "EventRecordID": 113892,
                "Channel": CHANNEL,
                "Computer": COMPUTER,
            },
            "EventData": {**DATA, "ProcessGuid": GUID.strip("{}").upper(), "ProcessId": 7172},
        }
    }


def ecs() -> dict[str, object]:
    return {
        "@timestamp": "2026-11-24T10:39:59.800Z",
        "event": {"created": ISO, "code": "22"},
        "dns": {
            "question": {"name": "api.telegram.org"},
            "answers": [{"type": "A", "data": "149.154.166.110"}],
        },
        "process": {"entity_id": GUID, "executable": DATA["Image"], "pid": 7172},
        "user": {"name": "ann", "domain": "CORP"},
        "sysmon": {"dns": {"status": "SUCCESS"}},
        "winlog": {
            "channel": CHANNEL,
            "provider_name": PROVIDER,
            "event_id": "22",
            "computer_name": COMPUTER,
            "record_id": "113892",
            "event_data": {"UtcTime": DATA["UtcTime"]},
        },
    }


def xml(
    data: dict[str, str] | None = None, event_id: int = 22, record_id: int = 113892, end: str = ""
) -> str:
    fields = "".join(
        f"<Data Name='{key}'>{value.replace('&', '&amp;').replace('<', '&lt;')}</Data>{end}"
        for key, value in (data or DATA).items()
    )
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"
        f"{end}<System><Provider Name='{PROVIDER}'/><EventID>{event_id}</EventID>{end}"
        "<TimeCreated SystemTime='2026-11-24T10:40:00.123456700Z'/>"
        f"<EventRecordID>{record_id}</EventRecordID><Execution ProcessID='2332'/>"
        f"<Channel>{CHANNEL}</Channel><Computer>{COMPUTER}</Computer></System>{end}"
        f"<EventData>{end}{fields}</EventData></Event>{end}"
    )
