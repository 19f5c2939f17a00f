"""The Splunk search, evaluated over raw records by itself.

ESCU's "Windows DNS Query Request by Telegram Bot API" selects `EventCode=22 query = NAME
process_name != "telegram.exe"`; Splunk compares both without case. It then counts and takes the
first and last time. Nothing here is the sensor's code.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

NOBODY: Final = "{00000000-0000-0000-0000-000000000000}"
EXEMPT: Final = "telegram.exe"
QUARTER: Final = 900.0
SYSMON: Final = "Microsoft-Windows-Sysmon"

_EVENT: Final = re.compile(r"<Event[ >].*?</Event>", re.DOTALL)
_DATA: Final = re.compile(r"<Data Name=['\"](\w+)['\"]\s*(?:/>|>(.*?)</Data>)", re.DOTALL)


class Raw(NamedTuple):
    """One Sysmon record: what the search looks at; `at` is its record time in epoch seconds."""

    code: int
    at: float
    computer: str
    channel: str
    record: str | None
    data: Mapping[str, str]

    @property
    def process_name(self) -> str:
        return self.data.get("Image", "").rpartition("\\")[2].lower()

    @property
    def process(self) -> str:
        guid = self.data.get("ProcessGuid", "").lower()
        if guid and not guid.startswith("{"):
            guid = f"{{{guid}}}"
        if guid and guid != NOBODY:
            return guid
        return f"{self.data.get('ProcessId')} {self.data.get('Image', '').lower()}"


class Row(NamedTuple):
    """What the search tells of one process on one computer."""

    number: int
    first: float
    last: float


Rows = dict[tuple[str, str], Row]


def search(records: Iterable[Raw], name: str | None) -> Rows:
    """Evaluate the search for one name, or None for any name.

    A record that stands in the log twice counts once. Record times are made UTC: zones are whole
    quarter hours, and record time less `UtcTime` of events 1 and 5 shows them.
    """
    unlike = {
        (each.computer, each.channel, each.record or str(sorted(each.data.items())), each.at): each
        for each in records
    }
    shifts = _shifts(unlike.values())
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in unlike.values():
        asked = each.data.get("QueryName", "").lower().removesuffix(".")
        if each.code == 22 and name in (None, asked) and each.process_name != EXEMPT:
            at = each.at - shifts.get(each.computer, 0.0)
            times[each.computer, each.process].append(at)
    return {key: Row(len(seen), min(seen), max(seen)) for key, seen in times.items()}


def read(path: Path) -> list[Raw]:
    """Read the records of a log in one of the forms that the real data has."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".xml":
        return [_xml(event) for event in _EVENT.findall(text) if SYSMON in event]
    if path.suffix == ".json":
        return [_winlogbeat(each) for each in json.loads(text)]
    return [_json(json.loads(line)) for line in text.splitlines() if line.strip()]


def _json(record: dict[str, Any]) -> Raw:
    if "event_data" in record:  # Winlogbeat 6 has at the top what later ones have in `winlog`
        return _winlogbeat({"winlog": record, "@timestamp": record["@timestamp"]})
    return _winlogbeat(record) if "winlog" in record else _flat(record)


def _flat(record: dict[str, Any]) -> Raw:
    code = int(record["EventID"])
    data = {name: str(value) for name, value in record.items() if value is not None}
    said = re.search(r"\nProcessId: (\d+)", record.get("Message", ""))
    if "ProcessId" not in data and said is not None:
        data["ProcessId"] = said[1]
    data["Image"] = unescape(data.get("Image", ""))
    number = record.get("RecordNumber") or record.get("EventRecordID")
    at = _seconds(record.get("EventTime") or record["TimeCreated"])
    channel = record.get("Channel", "")
    return Raw(code, at, record["Hostname"].lower(), channel, _text(number), data)


def _winlogbeat(record: dict[str, Any]) -> Raw:
    winlog = record["winlog"]
    data = {name: str(value) for name, value in winlog["event_data"].items()}
    at = _seconds(record["@timestamp"])
    computer = winlog["computer_name"].lower()
    number = _text(winlog.get("record_id", winlog.get("record_number")))
    channel = winlog.get("channel", winlog.get("log_name", ""))
    return Raw(int(winlog["event_id"]), at, computer, channel, number, data)


def _xml(event: str) -> Raw:
    data = {name: unescape(value or "") for name, value in _DATA.findall(event)}
    code = int(_element(event, "EventID"))
    said = re.search(r"SystemTime=['\"]([^'\"]+)", event)
    assert said is not None
    computer = _element(event, "Computer").lower()
    number = _element(event, "EventRecordID")
    return Raw(code, _seconds(said[1]), computer, _element(event, "Channel"), number, data)


def _element(event: str, name: str) -> str:
    found = re.search(rf"<{name}[^>]*>([^<]*)</{name}>", event)
    assert found is not None
    return found[1]


def _shifts(records: Iterable[Raw]) -> dict[str, float]:
    seen: dict[str, list[float]] = defaultdict(list)
    for each in records:
        if each.code in (1, 5) and each.data.get("UtcTime"):
            away = each.at - _seconds(each.data["UtcTime"])
            seen[each.computer].append(round(away / QUARTER) * QUARTER)
    return {computer: median(found) for computer, found in seen.items()}


def _seconds(text: str) -> float:
    """Read a time; Python knows microseconds, and a day is told apart by `T` or a blank."""
    whole, _, rest = text.strip().replace(" UTC", "Z").partition(".")
    digits = re.match(r"\d*", rest)
    fraction = digits[0] if digits else ""
    zone = rest[len(fraction) :] if rest else ""
    moment = datetime.fromisoformat(whole + zone)
    at = moment.replace(tzinfo=moment.tzinfo or UTC)
    return (at + timedelta(seconds=float(f"0.{fraction or 0}"))).timestamp()


def _text(number: object) -> str | None:
    return None if number is None else str(number)


def found(alerts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Row]]:
    """Bring the sensor's alerts to the same rows, leaving out what it counts of exempt names.

    On Sysmon input alone all that an alert counts is in its evidence while that is short enough
    to be whole; an alert that is whole in this sense is held to its own count and times.
    """
    for alert in alerts:
        told = alert["dnssensor"]
        evidence = told["attribution"]["evidence"]
        count = told["alert"]["count"]
        times = [_seconds(each["time"]) for each in evidence]
        rows = [
            at
            for at, each in zip(times, evidence, strict=True)
            if each["image"].rpartition("\\")[2].lower() != EXEMPT
        ]
        process = alert.get("process", {})
        key = (
            alert["host"]["name"],
            process.get("entity_id") or (f"{process.get('pid')} {evidence[0]['image'].lower()}"),
        )
        start, end = _seconds(alert["event"]["start"]), _seconds(alert["event"]["end"])
        if count <= 40:
            assert count == len(evidence)
            assert (start, end) == (min(times), max(times))
        if len(rows) == len(evidence):
            yield key, Row(count, start, end)
        elif rows:
            yield key, Row(len(rows), min(rows), max(rows))


def summed(parts: Iterable[tuple[tuple[str, str], Row]]) -> Rows:
    """Join the alerts of one process on one computer."""
    rows: Rows = {}
    for key, row in parts:
        before = rows.get(key, Row(0, row.first, row.last))
        rows[key] = Row(
            before.number + row.number, min(before.first, row.first), max(before.last, row.last)
        )
    return rows
