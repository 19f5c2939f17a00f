"""The JSON formats: each tells the same event, minimal records work, the wrong fields stay out."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint import formats, nxlog, windows_xml
from sensor.endpoint.events import Asked
from sensor.endpoint.interpret import interpret
from sensor.endpoint.record import Record, RejectedError
from sensor.stage import MILLISECOND, SECOND
from tests.endpoint import samples

Sample = Callable[[], dict[str, object]]

SAMPLES: list[tuple[str, Sample]] = [
    ("winlogbeat", samples.winlogbeat),
    ("winlogbeat6", samples.winlogbeat6),
    ("nxlog", samples.nxlog),
    ("flat", samples.flat),
    ("wazuh", samples.wazuh),
    ("azure_windows_event", samples.azure),
    ("evtx_json", samples.evtx_json),
    ("elastic_ecs", samples.ecs),
    ("azure_syslog", lambda: {"SyslogMessage": "Oct 24 host sysmon: " + samples.xml()}),
]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_format_is_told_by_the_keys_it_needs(name: str, sample: Sample) -> None:
    """
    The first format in the table that fits a record is its own.
    """
    obj = sample()

    assert name == next(form.name for form in formats.TABLE if form.fits(obj))


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_every_format_tells_the_same_event(name: str, sample: Sample) -> None:
    """
    Computer, time, process, name and results do not depend on the shipper.
    """
    event = interpret(formats.read(sample()))

    assert isinstance(event, Asked)
    assert event.computer == "fin-ws-0231.corp.example"
    assert event.channel == samples.CHANNEL
    assert event.record_id == 113892
    grain = SECOND if name == "nxlog" else MILLISECOND
    assert samples.TIME // grain == event.record_time // grain
    assert event.guid == samples.GUID
    assert event.pid == 7172
    assert event.image == samples.DATA["Image"]
    assert event.user == r"CORP\ann"
    assert event.query_name == "api.telegram.org"
    assert event.query_status == 0
    assert event.query_results == "::ffff:149.154.166.110;"
    assert event.results == ("149.154.166.110",)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_without_its_time_or_computer_no_format_makes_an_event(name: str, sample: Sample) -> None:
    """
    A record that lacks what every event needs is rejected with a reason, never half read.
    """
    needed = {
        "@timestamp",
        "created",
        "TimeCreated",
        "TimeGenerated",
        "EventTime",
        "systemTime",
        "computer_name",
        "Computer",
        "computer",
        "Hostname",
        "SyslogMessage",
    }

    with pytest.raises(RejectedError):
        formats.read(_without(sample(), needed))


def _without(value: object, names: set[str]) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _without(item, names) for key, item in value.items() if key not in names}


def test_a_minimal_winlogbeat_record_needs_no_channel_and_no_provider() -> None:
    """
    Event id, computer, time and the event's data are enough; the id may be a number or a text.
    """
    data = {"QueryName": "a.example"}
    texts = {"winlog": {"event_id": "22", "computer_name": "A", "event_data": data}}
    numbers = {"winlog": {"event_id": 22, "computer_name": "A", "event_data": data}}
    time = {"@timestamp": samples.ISO}

    expected = Record(event_id=22, computer="A", time=samples.TIME, data=data)
    assert expected == formats.read({**texts, **time}) == formats.read({**numbers, **time})


def test_time_created_comes_before_the_shippers_timestamp() -> None:
    """
    The Elastic integration's `@timestamp` is when the record was shipped.
    """
    obj = samples.winlogbeat()
    obj["@timestamp"] = "2030-01-01T00:00:00Z"
    winlog = obj["winlog"]
    assert isinstance(winlog, dict)
    winlog["time_created"] = samples.ISO

    assert samples.TIME == formats.read(obj).time


def test_the_rendered_message_is_not_believed() -> None:
    """
    Winlogbeat renders with the wrong manifest: "ProcessId: 0" while event_data has it.
    """
    obj = samples.winlogbeat() | {"message": "Dns query:\nProcessId: 0\nUser: %9"}

    assert formats.read(obj).data["ProcessId"] == "7172"


def test_nxlog_takes_a_lost_process_id_from_the_message() -> None:
    """
    `ProcessID` is Sysmon's own; a line of a command line is not taken for a field.
    """
    obj = samples.nxlog()
    del obj["ProcessId"]
    obj["ProcessID"] = 2644
    obj["Message"] = (
        "Dns query:\r\nRuleName: -\r\nProcessId: 7172\r\nUser: %9\r\n"
        "CommandLine: cmd /c x\r\nProcessId: 1\r\nQueryName: other.example"
    )

    data = nxlog.read(obj).data

    assert data["ProcessId"] == "7172"
    assert data["QueryName"] == "api.telegram.org"
    assert "User" in data
    assert data["User"] == r"CORP\ann"


def test_nxlog_without_process_id_and_message_has_no_process_id() -> None:
    """
    `ExecutionProcessID` is Sysmon's own and never the process's.
    """
    obj = samples.nxlog()
    del obj["ProcessId"]

    event = interpret(formats.read(obj))

    assert event is not None
    assert event.pid is None


def test_the_hosts_addresses_come_with_the_record_only_if_it_is_its_host() -> None:
    """
    Winlogbeat 8 with add_host_metadata, on the host and on a collector.
    """
    own = {"host": {"name": samples.COMPUTER.lower(), "ip": ["10.20.30.41"]}}
    collector = {"host": {"name": "wec", "ip": ["10.20.30.99"]}}

    assert formats.read({**samples.winlogbeat(), **own}).addresses == ("10.20.30.41",)
    assert formats.read({**samples.winlogbeat(), **collector}).addresses == ()


def test_xml_has_no_entities_and_no_document_type() -> None:
    """
    A bomb, an external entity and a document type are rejected before anything is expanded.
    """
    for prefix in (
        '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
    ):
        bomb = prefix + samples.xml(samples.DATA | {"QueryName": "X"}).replace(">X<", ">&c;<")
        with pytest.raises(RejectedError, match="malformed"):
            windows_xml.read(bomb)


def test_characters_that_xml_has_no_place_for_lose_no_event() -> None:
    """
    Programs put control characters into command lines; U+FFFD stands for them.
    """
    text = samples.xml(samples.DATA | {"Image": "C:\\a\x01b&#x2;c"}).replace("&amp;#x2;", "&#x2;")

    assert windows_xml.read(text).data["Image"] == "C:\\a\N{REPLACEMENT CHARACTER}b\ufffdc"


def test_xml_without_namespace_and_with_double_quotes_is_the_same() -> None:
    """
    Sysmon for Linux writes no namespace.
    """
    plain = samples.xml().replace(
        " xmlns='http://schemas.microsoft.com/win/2004/08/events/event'", ""
    )

    assert windows_xml.read(samples.xml()) == windows_xml.read(plain.replace("'", '"'))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_value_anywhere_raises_anything_but_a_rejection(data: st.DataObject) -> None:
    """
    Whatever stands where a field should be, a record is read, not ours, or rejected.
    """
    _, sample = data.draw(st.sampled_from(SAMPLES))
    obj = _spoilt(sample(), data)

    with contextlib.suppress(RejectedError):
        interpret(formats.read(obj))


def _spoilt(value: object, data: st.DataObject) -> object:
    """Put something else in the place of one part in eight."""
    if data.draw(st.integers(0, 7)) == 0:
        return data.draw(VALUES)
    if isinstance(value, dict):
        return {key: _spoilt(item, data) for key, item in value.items()}
    return value


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_a_value_of_no_format_is_unrecognised(value: object) -> None:
    """
    Any other JSON is rejected, by the same name whatever it is.
    """
    with pytest.raises(RejectedError, match="unrecognised"):
        formats.read(value)
