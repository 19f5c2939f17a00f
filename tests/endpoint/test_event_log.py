"""Reading event log files, from the octets to events in order."""

import gzip
import io
import json
import lzma
import random
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint.events import Asked
from sensor.endpoint.log import EventLog, read_events
from sensor.stage import HOUR, MILLISECOND, SECOND
from tests.endpoint import samples
from tests.realdata import REALDATA, needs_realdata


def log(*texts: str | bytes) -> EventLog:
    """Read the texts as one stream."""
    joined = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts) + b"\n"
    return read_events(["-"], stdin=io.BytesIO(joined))


def line(
    event_id: int = 22, record_id: int | None = 1, time: str = samples.ISO, **data: str
) -> str:
    winlog: dict[str, object] = {"event_id": event_id, "computer_name": "A"}
    if record_id is not None:
        winlog["record_id"] = record_id
    return json.dumps(
        {"@timestamp": time, "winlog": winlog | {"event_data": {"QueryName": "a.example", **data}}}
    )


def test_every_format_may_stand_in_one_file() -> None:
    """
    The format is told for each record; NXLog's whole second is another time than the rest's.
    """
    found = log(
        *(json.dumps(make()) for make in (samples.winlogbeat, samples.winlogbeat6, samples.flat)),
        samples.xml(),
        "Oct 24 host sysmon: " + samples.xml(end="\n"),
        json.dumps(samples.wazuh()),
        json.dumps(samples.azure()),
        json.dumps(samples.evtx_json()),
        json.dumps(samples.nxlog()),
        "no event at all",
    )

    assert (9, 7, {"unrecognised": 1}, []) == (
        found.read,
        found.duplicate,
        found.rejected,
        found.problems,
    )
    assert 2 == len(found.events)


def test_an_event_is_the_same_to_the_millisecond() -> None:
    """
    Winlogbeat keeps milliseconds, XML 100 ns.
    """
    found = log(json.dumps(samples.winlogbeat()), samples.xml())

    assert (2, 1, 1) == (found.read, found.duplicate, len(found.events))
    assert samples.TIME // MILLISECOND == found.events[0].record_time // MILLISECOND


def test_of_duplicates_the_one_that_tells_the_addresses_is_kept() -> None:
    """
    Whichever came first.
    """
    own = json.dumps(samples.winlogbeat() | {"host": {"name": samples.COMPUTER, "ip": "10.0.0.1"}})

    for texts in ((own, samples.xml()), (samples.xml(), own)):
        assert [("10.0.0.1",)] == [event.addresses for event in log(*texts).events]


def test_a_cleared_log_starts_its_record_ids_again() -> None:
    """
    The same record id at another time is another event.
    """
    found = log(line(), line(time="2026-11-24T11:40:00.123Z"))

    assert (2, 0) == (found.read, found.duplicate)


def test_without_record_id_only_equal_events_are_duplicates() -> None:
    """
    Two lookups in the same millisecond are two.
    """
    found = log(
        line(record_id=None), line(record_id=None), line(record_id=None, QueryName="b.example")
    )

    assert (3, 1) == (found.read, found.duplicate)


def test_events_come_in_the_order_of_their_corrected_time() -> None:
    """
    A host whose log is four hours behind is brought among the others.
    """
    behind = line(1, 1, "2026-11-24T06:00:00Z", UtcTime="2026-11-24 10:00:00.000")
    asked = line(22, 2, "2026-11-24T06:30:00Z")
    other = json.dumps(samples.winlogbeat())

    found = log(other, asked, behind)

    assert ["a", "a", "fin-ws-0231.corp.example"] == [event.computer for event in found.events]
    assert 4 * HOUR == found.events[1].at - found.events[1].record_time


def test_rejections_are_counted_by_reason_and_the_file_goes_on() -> None:
    """
    Every reason has its name.
    """
    found = log(
        "banner",
        '{"a": 1}',
        '{"winlog": "',
        line(time="yesterday"),
        line().replace('"A"', '"-"'),
        line().replace('"event_id": 22', '"event_id": "many"'),
        line(QueryName="-"),
        line(3),
        line(4, QueryName="-"),
        samples.xml().replace("<System>", ""),
        line(),
    )

    assert found.rejected == {
        "computer_missing": 1,
        "event_id_unreadable": 1,
        "field_missing": 2,
        "malformed": 2,
        "time_unreadable": 1,
        "unrecognised": 2,
    }
    assert (1, []) == (found.read, found.problems)


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids=["gzip", "xz", "zstd"],
)
def test_a_log_may_be_compressed(tmp_path: Path, pack: object) -> None:
    """
    It is told by its octets, not its name; a cut one gives what is whole, and one problem.
    """
    packed = pack(b"\n".join(line(record_id=n).encode() for n in range(500)) + b"\n")  # type: ignore[operator]
    whole, cut = tmp_path / "whole.json", tmp_path / "cut.json"
    whole.write_bytes(packed)
    cut.write_bytes(packed[:-20])

    assert (500, []) == (read_events([str(whole)]).read, read_events([str(whole)]).problems)
    found = read_events([str(cut)])

    assert 500 >= found.read
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"{cut}: ")


def test_a_log_cut_within_a_record_is_a_problem() -> None:
    """
    It says the line; what is whole is read.
    """
    found = read_events(["-"], stdin=io.BytesIO((line() + "\n" + line()[:40]).encode()))

    assert (1, {"cut": 1}) == (found.read, found.rejected)
    assert ["standard input: line 2: the file ends within a record; its end is missing"] == (
        found.problems
    )


def test_an_empty_log_is_no_problem() -> None:
    """
    A quiet host logs nothing.
    """
    assert EventLog((), 0, 0, {}, []) == read_events(["-"], stdin=io.BytesIO(b""))


def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_go_on(tmp_path: Path) -> None:
    """
    One line each: missing, a folder, a capture instead of a log.
    """
    good, capture = tmp_path / "good.json", tmp_path / "a.pcap"
    good.write_text(line())
    capture.write_bytes(b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(100))
    missing = tmp_path / "missing.json"

    found = read_events([str(missing), str(tmp_path), str(capture), "a\0b", str(good)])

    assert found.read == 1
    assert [str(missing), str(tmp_path), str(capture), "a\0b"] == [
        problem.partition(": ")[0] for problem in found.problems
    ]
    assert all("\n" not in problem for problem in found.problems)


def test_texts_that_repeat_are_kept_once() -> None:
    """
    A log has few computers and images; each is one text in memory.
    """
    image = "C:\\Windows\\System32\\" + "svchost.exe"
    one, other = log(line(record_id=1, Image=image), line(record_id=2, Image=image)).events

    assert one.image is other.image
    assert one.computer is other.computer


RECORDS = st.builds(
    line,
    event_id=st.sampled_from([1, 5, 22]),
    record_id=st.none() | st.integers(1, 3),
    time=st.sampled_from([samples.ISO, "2026-11-24T10:40:00.1234Z", "2026-11-24T06:40:00Z"]),
    UtcTime=st.sampled_from(["2026-11-24 10:40:00.000", "-"]),
    Image=st.sampled_from(["a.exe", "b.exe"]),
)


@given(
    st.lists(st.sampled_from([samples.xml(), "junk"]) | RECORDS, max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=150, deadline=None)
def test_the_order_of_records_and_duplicates_changes_nothing(
    records: list[str], chance: random.Random
) -> None:
    """
    Nor does a duplicate that differs in content.
    """
    shuffled = records.copy()
    chance.shuffle(shuffled)

    assert log(*records) == log(*shuffled)
    assert log(*records).events == log(*records, *shuffled).events


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    """
    Nor how the records are spread over them.
    """
    texts = [line(record_id=n % 5, Image=f"{n}.exe") for n in range(12)]
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.json"
        path.write_text(text + "\n")
        paths.append(str(path))

    expected = log(*texts)

    assert expected == read_events(paths) == read_events(paths[::-1])


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_octets_raise(data: bytes) -> None:
    """
    Whatever a file holds, it is read, rejected or a problem.
    """
    read_events(["-"], stdin=io.BytesIO(data))


# Real logs.

PAIRS = {
    "covenant_dcom_iertutil_dll_hijack": (-14400, {1: 78, 3: 184, 5: 71, 22: 50}),
    "covenant_psremoting_command": (-14400, {1: 8, 3: 55, 5: 5, 22: 2}),
    "empire_shell_dcerpc_smb_service_dll_hijack": (-14400, {1: 7, 3: 26, 5: 9, 22: 8}),
    "empire_shell_rubeus_asktgt_ptt": (-14400, {1: 3, 3: 1, 5: 4, 22: 1}),
    "metasploit_logonpasswords_lsass_memory_dump": (-68400, {1: 269, 3: 140, 5: 252, 22: 51}),
    "schtask_modification": (-18000, {1: 15, 3: 6, 5: 11, 22: 4}),
}
NAMES = {"Started": 1, "Connected": 3, "Ended": 5, "Asked": 22}


def numbers(found: EventLog) -> dict[int, int]:
    counts = dict.fromkeys((1, 3, 5, 22), 0)
    for event in found.events:
        counts[NAMES[type(event).__name__]] += 1
    return counts


@needs_realdata
@pytest.mark.parametrize("pair", PAIRS)
def test_every_event_of_the_pairs_is_read_and_its_zone_found(pair: str) -> None:
    """
    Counts as in the data's own list; the shift is that of every host with events 1 or 5.
    """
    zone, counts = PAIRS[pair]
    path = REALDATA / "pairs" / pair / "sysmon_1_3_5_22.subset.jsonl"

    found = read_events([str(path)])

    assert (counts, {}, []) == (numbers(found), found.rejected, found.problems)
    calibrated = {
        event.computer
        for event in found.events
        if type(event).__name__ in ("Started", "Ended") and event.utc_time is not None
    }
    shifts = {
        (event.record_time - event.at) // SECOND
        for event in found.events
        if event.computer in calibrated
    }
    assert {zone} == shifts


@needs_realdata
@pytest.mark.parametrize("pair", PAIRS)
def test_corrected_times_are_those_of_the_truth_file(pair: str) -> None:
    """
    For every event 22 of a host that has events 1 or 5.
    """
    folder = REALDATA / "pairs" / pair
    truth = json.loads((folder / "truth_event22_vs_wire.json").read_text())["event22"]
    found = read_events([str(folder / "sysmon_1_3_5_22.subset.jsonl")])
    shifted = {event.computer for event in found.events if event.at != event.record_time}

    expected = sorted(
        (round(event["record_time_utc_corrected"] * 1000), event["Hostname"].lower())
        for event in truth
        if event["Hostname"].lower() in shifted
    )

    assert expected
    assert expected == sorted(
        (round(event.at / MILLISECOND), event.computer)
        for event in found.events
        if isinstance(event, Asked) and event.computer in shifted
    )


@needs_realdata
@pytest.mark.parametrize(
    "path", sorted((REALDATA / "events" / "winlogbeat6_nxlog2019").glob("*/*.jsonl")), ids=str
)
def test_every_event_of_the_older_sets_is_read(path: Path) -> None:
    """
    Winlogbeat 6 and NXLog of 2019; the process ids that NXLog lost come from the message.
    """
    raw = [json.loads(text) for text in path.read_text().splitlines()]
    counts = dict.fromkeys((1, 3, 5, 22), 0)
    for obj in raw:
        counts[obj.get("EventID") or obj["event_id"]] += 1

    found = read_events([str(path)])

    assert (counts, {}, []) == (numbers(found), found.rejected, found.problems)
    messages = {
        int(obj.get("RecordNumber") or obj["record_number"]): obj.get("Message") or obj["message"]
        for obj in raw
    }
    for event in found.events:
        assert event.record_id is not None
        assert f"\nProcessId: {event.pid}" in messages[event.record_id].replace("\r", "")


EVENTS = REALDATA / "events"
OTHERS = {
    "OTRF+OSSEM-DD/windows/sysmon/events/event-1.yml": 1,
    "OTRF+OSSEM-DD/windows/sysmon/events/event-3.yml": 1,
    "OTRF+OSSEM-DD/windows/sysmon/events/event-5.yml": 1,
    "OTRF+OSSEM-DD/windows/sysmon/events/event-22.yml": 1,
    "elastic+beats_transcribed/winlogbeat8_collection_sysmon-10.2-dns.excerpt.json": 6,
    "elastic+beats_transcribed/winlogbeat_ecs_ingest_golden_sysmon-10.2-dns.excerpt.json": 6,
    "elastic+integrations_transcribed/sysmon_linux_sample.excerpt.log": 3,
    "elastic+integrations_transcribed/test-events.first-event.json": 1,
    "elastic+integrations_transcribed/windows_event22.raw.xml": 1,
    "splunk+security_content/data_sources_example_logs/sysmon_eventid_1.xml": 1,
    "splunk+security_content/data_sources_example_logs/sysmon_eventid_3.xml": 1,
    "splunk+security_content/data_sources_example_logs/sysmon_eventid_5.xml": 1,
    "splunk+security_content/data_sources_example_logs/sysmon_eventid_7.xml": 0,
    "splunk+security_content/data_sources_example_logs/sysmon_eventid_22.xml": 1,
    "splunk+security_content/data_sources_example_logs/sysmon_for_linux_eventid_1.xml": 1,
    "suricata_eve_real_api.telegram.org.jsonl": 0,
    "wazuh+wazuh/legacy_text/wineventlog_event22_from_wazuh-ruleset_PR435_436.log": 1,
}


@needs_realdata
@pytest.mark.parametrize("name", OTHERS)
def test_every_other_encoding_is_read(name: str) -> None:
    """
    Elastic, Splunk, OSSEM, Wazuh, Sysmon for Linux.
    """
    found = read_events([str(EVENTS / name)])

    assert (OTHERS[name], []) == (found.read, found.problems)


@needs_realdata
@pytest.mark.parametrize(
    "path",
    sorted((EVENTS / "wazuh+wazuh" / "ruleset" / "testing" / "tests").glob("*.ini")),
    ids=lambda path: path.name,
)
def test_wazuh_test_logs_hold_every_event(path: Path) -> None:
    """
    Counted apart by their own `eventID`; backslashes are single again.
    """
    logs = [text.partition("= {")[2] for text in path.read_text().splitlines() if "= {" in text]
    systems = [json.loads("{" + text)["win"]["system"] for text in logs]
    expected = sum(
        system["eventID"] in ("1", "3", "5", "22")
        and system["providerName"] == "Microsoft-Windows-Sysmon"
        for system in systems
    )

    found = read_events([str(path)])

    assert (expected, []) == (found.read, found.problems)
    assert not any(event.image and "\\\\" in event.image for event in found.events)


@needs_realdata
def test_elastics_golden_file_tells_the_events_of_its_collection() -> None:
    """
    Raw and ingested, the same lookups: names, results, status, process.
    """
    raw, golden = (
        [event for event in read_events([str(EVENTS / name)]).events if isinstance(event, Asked)]
        for name in OTHERS
        if name.startswith("elastic+beats")
    )

    def said(event: Asked) -> tuple[object, ...]:
        return (
            *(event.computer, event.record_id, event.guid, event.pid, event.image),
            *(event.query_name, event.query_status, event.results, event.names),
        )

    assert sorted(map(said, raw), key=repr) == sorted(map(said, golden), key=repr)


@needs_realdata
def test_the_same_event_as_xml_and_integration_json_is_one() -> None:
    """
    Elastic's integration sample and the XML it was made from.
    """
    folder = EVENTS / "elastic+integrations_transcribed"

    found = read_events(
        [str(folder / "windows_event22.raw.xml"), str(folder / "test-events.first-event.json")]
    )

    assert (2, 1) == (found.read, found.duplicate)


@needs_realdata
def test_an_evtx_file_and_its_rendered_xml_are_the_same_events() -> None:
    """
    Event for event, whatever the encoding; the larger file's XML holds a part of it.
    """
    for path in sorted((REALDATA / "evtx").glob("*.evtx")):
        binary, rendered = read_events([str(path)]), read_events([f"{path}.xml"])

        assert rendered.events
        assert set(rendered.events) <= set(binary.events)
        both = read_events([str(path), f"{path}.xml"])
        assert (binary.events, rendered.read) == (both.events, both.duplicate)


@needs_realdata
def test_real_lines_spoilt_anywhere_never_raise() -> None:
    """
    Seeded flips, cuts and swaps of octets in real records of every format.
    """
    chance = random.Random(5)
    paths = [
        REALDATA / "pairs" / "schtask_modification" / "sysmon_1_3_5_22.subset.jsonl",
        *(EVENTS / name for name in OTHERS),
    ]
    real = [path.read_bytes()[:20_000] for path in paths]
    for _ in range(300):
        spoilt = bytearray(chance.choice(real))
        for _ in range(chance.choice((1, 5, 50))):
            at = chance.randrange(len(spoilt))
            spoilt[at : at + chance.choice((0, 1, 1, 9))] = chance.choice(
                (b"", b"\0", b"\n", b'"', b"{", b"}", b"<Event>", b"\xff", chance.randbytes(1))
            )
        read_events(["-"], stdin=io.BytesIO(bytes(spoilt)))
