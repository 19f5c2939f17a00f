"""ESCU parity: on Sysmon input alone we count exactly what the Splunk search selects.

`tests/escu.py` evaluates the search over the raw records; masquerades come on top.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensor.stage import HOUR, MILLISECOND, MINUTE, SECOND
from tests import escu
from tests.pairs import Pair
from tests.realdata import REALDATA, needs_realdata
from tests.replays import START, event, guid, json_lines, resolved, run, started

NAME: Final = "api.telegram.org"
PAIRS: Final = sorted((REALDATA / "pairs").glob("*/"))
# The log, and the same records in the form that tests/escu.py reads.
LOGS: Final = [
    *(
        (path, path)
        for path in sorted((REALDATA / "events").glob("winlogbeat6_nxlog2019/*/*.jsonl"))
    ),
    *((path, path) for path in (each / "sysmon_1_3_5_22.subset.jsonl" for each in PAIRS)),
    *((path, path) for path in sorted((REALDATA / "events").rglob("*event*22*.xml"))),
    *((path, path) for path in sorted((REALDATA / "events").rglob("winlogbeat8_*.json"))),
    *((path.with_suffix(""), path) for path in sorted((REALDATA / "evtx").glob("*.evtx.xml"))),
]


def close(rows: escu.Rows) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Times to the microsecond, as far as both sides have them."""
    return {
        key: (row.number, round(row.first * 1e5), round(row.last * 1e5))
        for key, row in rows.items()
    }


def alerts(*logs: Path, watch: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Run `replay` over logs alone."""
    names = [word for name in watch for word in ("--watch", name)]
    files = [word for log in logs for word in ("--events", log)]
    done = run("replay", *names, *files)
    assert (0, "") == (done.code, done.err)
    return done.lines


IMAGES: Final = (
    r"C:\Users\ann\AppData\Local\bot\bot.exe",
    r"C:\Users\ann\AppData\Roaming\Telegram Desktop\Telegram.exe",
    r"C:\Users\ann\AppData\Roaming\Telegram Desktop\TELEGRAM.EXE",
    r"C:\Users\ann\AppData\Local\Temp\telegram.exe",  # a masquerade by its path
    r"D:\tools\telegram.exe",  # one by its OriginalFileName, where event 1 is there
    r"C:\bot\nottelegram.exe",
    r"C:\bot\telegram.exe.scr",
    r"C:\telegram.exe\bot.exe",
    r"C:\Windows\System32\svchost.exe",
    "<unknown process>",
)
NAMES: Final = (
    NAME,
    NAME,
    NAME,
    "API.Telegram.ORG",
    "aPi.TELEgram.ORg",
    "xapi.telegram.org",
    "a.api.telegram.org",
    "api.telegram.org.example",
    "telegram.org",
    "api",
)
COMPUTERS: Final = ("FIN-WS-0231.corp.example", "fin-ws-0232.CORP.example", "STANDALONE")
GAPS: Final = (
    0,
    MILLISECOND,
    10 * MILLISECOND,
    20 * SECOND,
    6 * MINUTE,
    HOUR,
    HOUR + MILLISECOND,
    3 * HOUR,
)

Record = Mapping[str, object]


@st.composite
def processes(draw: st.DrawFn) -> tuple[str, str | None, int, str]:
    """A computer, a ProcessGuid or none, a process id, an image."""
    number = draw(st.integers(1, 4))
    guids = st.sampled_from([guid(number), guid(number), escu.NOBODY, None])
    computer, image = draw(st.sampled_from(COMPUTERS)), draw(st.sampled_from(IMAGES))
    return computer, draw(guids), number, image


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Events 22 of a handful of processes, some with their event 1, in any order, some twice."""
    asking = draw(st.lists(processes(), min_size=1, max_size=5))
    at = START
    made: list[Record] = []
    cleared = draw(st.integers(0, 30))  # where the log was cleared, and its record ids begin anew
    for number in range(draw(st.integers(1, 30))):
        computer, process_guid, pid, image = draw(st.sampled_from(asking))
        at += draw(st.sampled_from(GAPS)) if number != cleared else HOUR
        asked = dict(
            event(
                22,
                at,
                number if number < cleared else number - cleared,
                computer,
                **{
                    name: value
                    for name, value in {
                        "ProcessGuid": process_guid,
                        "ProcessId": str(pid),
                        "Image": image,
                        "QueryName": draw(st.sampled_from(NAMES)),
                        "QueryStatus": draw(st.sampled_from(["0", "9003", "1460", "9002", None])),
                        "QueryResults": draw(
                            st.sampled_from(["::ffff:149.154.166.110;", "-", "", None])
                        ),
                        "User": draw(st.sampled_from([r"CORP\ann", "-", None])),
                    }.items()
                    if value is not None
                },
            )
        )
        made.append(asked)
    for computer, process_guid, pid, image in asking:
        if process_guid not in (None, escu.NOBODY) and draw(st.booleans()):
            begun = started(START - SECOND, 1000 + len(made), computer, pid, image)
            data = begun["winlog"]["event_data"]  # type: ignore[index]
            data["OriginalFileName"] = draw(st.sampled_from(["bot.exe", "Telegram.exe", "-"]))
            made.append(begun)
    twice = draw(st.lists(st.sampled_from(made), max_size=5))
    return draw(st.permutations([*made, *twice]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs(), st.integers(0, 30))
def test_what_the_search_selects_is_what_we_count(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record], cut: int
) -> None:
    """
    Count, first and last time by computer and process, over generated logs in two files: several
    hosts, no or zero guid, failed and empty lookups, no user, unknown processes, exempt names in
    any case, masquerades, gaps of an hour and more, records twice, in any order.
    """
    folder = tmp_path_factory.mktemp("escu")
    files = [folder / "one.jsonl", folder / "two.jsonl"]
    files[0].write_bytes(json_lines(records[:cut]))
    files[1].write_bytes(json_lines(records[cut:]))
    raw = [each for file in files for each in escu.read(file)]

    expected = escu.search(raw, NAME)
    told = escu.summed(escu.found(alerts(*files)))
    assert close(expected) == close(told)


def test_masquerades_come_on_top(tmp_path: Path) -> None:
    """
    An exempt name on another program is no row of the search and an alert of ours.
    """
    log = tmp_path / "log.jsonl"
    log.write_bytes(
        json_lines([resolved(START, 1, "A", 7, r"C:\Users\ann\Downloads\Telegram.exe")])
    )

    (alert,) = alerts(log)

    assert {} == escu.search(escu.read(log), NAME) == escu.summed(escu.found([alert]))
    assert "masquerade" == alert["dnssensor"]["alert"]["state"]


def test_more_events_than_the_evidence_holds(tmp_path: Path) -> None:
    """
    Of a thousand lookups a minute apart all are counted, though the evidence holds forty.
    """
    log = tmp_path / "log.jsonl"
    log.write_bytes(
        json_lines(
            [resolved(START + n * MINUTE, n, "A", 7, r"C:\bot\bot.exe") for n in range(1000)]
        )
    )

    rows = escu.summed(escu.found(alerts(log)))

    assert close(escu.search(escu.read(log), NAME)) == close(rows)
    assert [1000] == [row.number for row in rows.values()]


@needs_realdata
@pytest.mark.parametrize(("log", "source"), LOGS, ids=lambda path: "/".join(path.parts[-2:]))
def test_real_logs_are_counted_alike(log: Path, source: Path) -> None:
    """
    Watching every name, and the names most asked for one by one, for api.telegram.org does not
    occur in them.
    """
    raw = escu.read(source)
    asked = Counter(each.data["QueryName"].lower() for each in raw if each.code == 22)

    every = escu.search(raw, None)
    assert close(every) == close(escu.summed(escu.found(alerts(log, watch=("*",)))))
    for name, _ in asked.most_common(5):
        watched = name.removesuffix(".")
        expected = escu.search(raw, watched)
        assert close(expected) == close(escu.summed(escu.found(alerts(log, watch=(watched,)))))
        assert expected


@needs_realdata
def test_real_logs_hold_event_22(tally: Callable[[str], None]) -> None:
    """
    The comparison above is over more than a hundred lookups.
    """
    held = {source: sum(each.code == 22 for each in escu.read(source)) for _, source in LOGS}
    tally(f"{sum(held.values())} events 22 in {sum(map(bool, held.values()))} real logs")

    assert sum(held.values()) > 100


@needs_realdata
@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_counts_are_exact_with_packets_too(folder: Path) -> None:
    """
    Every event 22 is one, a wire lookup that an event explains adds none, any other is one.
    """
    pair = Pair(folder)
    arguments: tuple[str | Path, ...] = (
        "replay",
        "--watch",
        "*",
        "--events",
        pair.log,
        *pair.captures,
    )
    wire = [line for line in run(*arguments, "--emit", "lookups").lines if "client" in line]
    explained = sum(line["attribution"]["status"] in ("attributed", "ambiguous") for line in wire)
    events = sum(row.number for row in escu.search(escu.read(pair.log), None).values())

    counted = sum(line["dnssensor"]["alert"]["count"] for line in run(*arguments).lines)

    assert events + len(wire) - explained == counted
