"""What Sysmon's fields mean."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint.events import Asked, Connected, Ended, Started
from sensor.endpoint.interpret import interpret
from sensor.endpoint.record import Record, RejectedError
from sensor.stage import SECOND

NOW = 1_795_516_800 * SECOND


def record(event_id: int, provider: str = "", **data: str) -> Record:
    return Record(event_id=event_id, computer="A", time=NOW, data=data, provider=provider)


def asked(**data: str) -> Asked:
    event = interpret(record(22, **({"QueryName": "a.example"} | data)))
    assert isinstance(event, Asked)
    return event


CONNECTION = {
    "Protocol": "udp",
    "Initiated": "true",
    "SourceIp": "10.0.0.1",
    "SourcePort": "50000",
    "DestinationIp": "10.0.0.2",
    "DestinationPort": "53",
}


@pytest.mark.parametrize("event_id", [0, 2, 4, 6, 7, 10, 11, 23, 255, 4688])
def test_other_events_are_not_ours_and_not_rejected(event_id: int) -> None:
    """
    Only 1, 3, 5 and 22 are read.
    """
    assert interpret(record(event_id)) is None


@pytest.mark.parametrize(
    ("provider", "ours"),
    [
        ("", True),
        ("Microsoft-Windows-Sysmon", True),
        ("microsoft-windows-SYSMON", True),
        ("Linux-Sysmon", True),
        ("Microsoft-Windows-Security-Auditing", False),
    ],
)
def test_an_event_of_another_provider_is_not_ours(provider: str, *, ours: bool) -> None:
    """
    Other logs have events 1, 3, 5 and 22 too. A record that names no provider is taken as Sysmon's.
    """
    assert ours == (interpret(record(5, provider)) is not None)


@pytest.mark.parametrize("written", ["", "-", "(null)", " - "])
def test_texts_that_stand_for_nothing_are_nothing(written: str) -> None:
    """
    `-`, empty and `(null)` are how Sysmon writes that it does not know.
    """
    event = asked(Image=written, User=written, ProcessGuid=written, ProcessId=written)

    assert (event.image, event.user, event.guid, event.pid) == (None, None, None, None)


@pytest.mark.parametrize("written", ["<unknown process>", "&lt;unknown process&gt;"])
def test_an_unknown_process_is_kept_as_one(written: str) -> None:
    """
    Some JSON has it escaped once more.
    """
    assert asked(Image=written).image == "<unknown process>"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3CFDEE80-2F7D-605B-F50A-00000000AE01", "{3cfdee80-2f7d-605b-f50a-00000000ae01}"),
        ("{3CFDEE80-2F7D-605B-F50A-00000000AE01}", "{3cfdee80-2f7d-605b-f50a-00000000ae01}"),
        ("{00000000-0000-0000-0000-000000000000}", None),
        ("EV_RenderedValue_2.00", None),
    ],
)
def test_a_guid_is_lower_case_with_braces(written: str, expected: str | None) -> None:
    """
    All zeros is no process.
    """
    assert expected == asked(ProcessGuid=written).guid


@pytest.mark.parametrize(
    ("written", "expected"),
    [("7172", 7172), ("0x1c04", 7172), ("0", None), ("-1", None), ("99999999999", None)],
)
def test_a_process_id_is_a_positive_number_of_32_bits(written: str, expected: int | None) -> None:
    """
    0 is the idle process, which asks nothing.
    """
    assert expected == asked(ProcessId=written).pid


@pytest.mark.parametrize(
    ("written", "name", "rooted"),
    [
        ("api.telegram.org", "api.telegram.org", False),
        ("aPi.TELEgram.ORG", "api.telegram.org", False),
        ("api.telegram.org.", "api.telegram.org", True),
        ("wpad", "wpad", False),
        (".", ".", True),
        ("_ldap._tcp.dc._msdcs.THESHIRE.local.", "_ldap._tcp.dc._msdcs.theshire.local", True),
        ("a b.example", "a\\032b.example", False),
        ("bücher.example", "b\\195\\188cher.example", False),
        ("a..b", "a..b", False),
        ("x" * 64 + ".Example.", "x" * 64 + ".example", True),
        ("a\\", "a\\\\", False),
    ],
)
def test_a_query_name_is_written_as_our_own_names_are(
    written: str, name: str, *, rooted: bool
) -> None:
    """
    A text that no DNS message could carry is escaped and kept: every event 22 counts.
    """
    event = asked(QueryName=written)

    assert (name, rooted) == (event.query_name, event.rooted)


def test_query_results_hold_addresses_and_names() -> None:
    """
    IPv4-mapped addresses are IPv4; a type may have no name; repeats count once.
    """
    event = asked(
        QueryResults="type:  5 WWW.L.example;type: 5 x.example.;type:  33 ;type:  6 ;"
        "::ffff:192.0.2.1;192.0.2.1;192.0.2.2;2001:DB8:0:0::1;garbage;;"
    )

    assert event.results == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert event.names == ("www.l.example", "x.example")


@pytest.mark.parametrize("written", ["", "-"])
def test_no_results_is_no_text(written: str) -> None:
    """
    Old versions leave it empty, newer ones write `-`.
    """
    event = asked(QueryResults=written)

    assert (event.query_results, event.results, event.names) == (None, (), ())


@pytest.mark.parametrize(
    ("written", "expected"), [("0", 0), ("9003", 9003), ("1460", 1460), ("", None), ("?", None)]
)
def test_a_query_status_is_a_number(written: str, expected: int | None) -> None:
    """
    It is a Win32 code; a text that is none leaves the event without one.
    """
    assert expected == asked(QueryStatus=written).query_status


@pytest.mark.parametrize("written", ["", "-"])
def test_a_lookup_without_a_name_is_rejected(written: str) -> None:
    """
    An event 22 is nothing without its name.
    """
    with pytest.raises(RejectedError, match="field_missing"):
        asked(QueryName=written)


def test_a_utc_time_that_cannot_be_read_loses_nothing_else() -> None:
    """
    OSSEM's sample has `EV_RenderedValue_2.00` in fields.
    """
    assert asked(UtcTime="EV_RenderedValue_2.00").utc_time is None
    assert asked(UtcTime="2022-05-13T08:54:05.1230000Z").utc_time == 1_652_432_045_123_000_000


def test_a_connection_has_canonical_ends() -> None:
    """
    Addresses in any spelling; `Initiated` and the protocol in any case.
    """
    fields = CONNECTION | {
        "Protocol": "TCP",
        "Initiated": "False",
        "SourceIp": "0:0:0:0:0:0:0:1",
        "DestinationIp": "::ffff:10.0.0.2",
    }

    event = interpret(record(3, **fields))

    assert isinstance(event, Connected)
    assert (event.transport, event.initiated) == ("tcp", False)
    assert (event.source_ip, event.source_port) == ("::1", 50000)
    assert (event.destination_ip, event.destination_port) == ("10.0.0.2", 53)


@pytest.mark.parametrize(
    ("name", "written", "reason"),
    [
        ("SourceIp", "-", "field_missing"),
        ("SourceIp", "somewhere", "field_unreadable"),
        ("DestinationPort", "65536", "field_unreadable"),
        ("Initiated", "perhaps", "field_unreadable"),
        ("Protocol", "icmp", "field_unreadable"),
        ("Protocol", "", "field_missing"),
    ],
)
def test_a_connection_without_its_ends_is_rejected(name: str, written: str, reason: str) -> None:
    """
    The reason says whether the field is missing or unreadable.
    """
    with pytest.raises(RejectedError, match=reason):
        interpret(record(3, **(CONNECTION | {name: written})))


def test_a_started_process_has_its_hashes_in_lower_case() -> None:
    """
    In an order of their own, whatever the configuration's; an IMPHASH of zeros is none.
    """
    event = interpret(
        record(1, Hashes="SHA1=" + "AB" * 20 + ",MD5=" + "CD" * 16 + ",IMPHASH=" + "0" * 32)
    )

    assert isinstance(event, Started)
    assert event.hashes == (("md5", "cd" * 16), ("sha1", "ab" * 20))


def test_a_question_mark_for_a_version_text_is_nothing() -> None:
    """
    An image without version resource states no company and no original file name.
    """
    event = interpret(record(1, Company="?", OriginalFileName=" ? ", CommandLine="?"))

    assert isinstance(event, Started)
    assert (None, None, "?") == (event.company, event.original_file_name, event.command_line)


def test_an_ended_process_needs_nothing_but_its_host() -> None:
    """
    Sysmon for Linux ends processes it never knew.
    """
    event = interpret(record(5, Image="&lt;unknown process&gt;", ProcessGuid="-"))

    assert isinstance(event, Ended)
    assert event.computer == "a"


def test_a_computer_is_lower_case_without_last_dot() -> None:
    """
    Windows' names compare without case.
    """
    event = interpret(Record(event_id=5, computer="FIN-WS-0231.Corp.Example.", time=0, data={}))

    assert event is not None
    assert event.computer == "fin-ws-0231.corp.example"


NAMES = "QueryName QueryResults QueryStatus UtcTime ProcessGuid ProcessId Image User Hashes"
FIELDS = st.sampled_from((*CONNECTION, *NAMES.split()))
TEXTS = st.text(max_size=40) | st.sampled_from(list(CONNECTION.values()))


@given(st.sampled_from([1, 3, 5, 22]), st.dictionaries(FIELDS, TEXTS))
@settings(max_examples=200, deadline=None)
def test_no_field_raises_anything_but_a_rejection(event_id: int, data: dict[str, str]) -> None:
    """
    Fields come from a log that anyone may have written.
    """
    try:
        event = interpret(record(event_id, **data))
    except RejectedError:
        return

    assert event is not None
    assert event == interpret(record(event_id, **data))
