"""Replay: a pure function of its inputs, whatever they hold."""

import gzip
import json
import lzma
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import jsonschema
import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensor.capture import sifted
from sensor.endpoint.events import Ended
from sensor.replay import _played
from tests.realdata import REALDATA, needs_realdata
from tests.replays import (
    BOT,
    KINDS,
    ROOT,
    SERVER,
    START,
    asked,
    capture,
    datagram,
    json_lines,
    log,
    resolved,
    run,
    story,
    write,
)

SECOND: Final = 1_000_000_000
FIRST: Final = "FIN-WS-0231.corp.example"

# Pairs that replay in a second or so.
PAIRS: Final = (
    "covenant_psremoting_command",
    "empire_shell_dcerpc_smb_service_dll_hijack",
    "schtask_modification",
)


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, Path]:
    """The story's capture and event file."""
    return write(tmp_path)


def real(pair: str) -> tuple[Path, list[Path]]:
    """A real pair: its event file and its captures."""
    folder = REALDATA / "pairs" / pair
    captures = sorted(folder.glob("*.cap")) + sorted(folder.glob("*.pcapng"))
    return folder / "sysmon_1_3_5_22.subset.jsonl", captures


def everything(events: Path | Sequence[Path], *captures: Path, watch: bool = False) -> list[bytes]:
    """What every kind of line says of these inputs."""
    files = [events] if isinstance(events, Path) else events
    words: list[str | Path] = [word for path in files for word in ("--events", path)]
    words += ["--watch", "*"] if watch else []
    return [
        run("replay", "--emit", kind, "--revisions", revisions, *words, *captures).out
        for kind, revisions in [("alerts", "all"), *((kind, "final") for kind in KINDS)]
    ]


# What the story comes to


def test_the_story_has_three_alerts(case: tuple[Path, Path]) -> None:
    """
    The bot is named, the unknown host is told by its address, the lookup off this tap by its
    event; the genuine client raises nothing.
    """
    done = run("replay", "--events", case[1], case[0])

    assert (0, "") == (done.code, done.err)
    assert [
        ("attributed", "fin-ws-0231.corp.example", "bot.exe", "10.20.30.41"),
        ("unattributed", None, None, "10.20.30.77"),
        ("endpoint_only", "fin-ws-0232.corp.example", "bot.exe", None),
    ] == sorted(
        [
            (
                line["dnssensor"]["alert"]["state"],
                line.get("host", {}).get("name"),
                line.get("process", {}).get("name"),
                line.get("client", {}).get("ip"),
            )
            for line in done.lines
        ],
        key=lambda told: ("attributed", "unattributed", "endpoint_only").index(told[0]),
    )


def test_without_events_every_client_is_told(case: tuple[Path, Path]) -> None:
    """
    Without a feed there are as many alerts as clients, and nobody is named.
    """
    done = run("replay", case[0])

    assert {("10.20.30.41", "no_feed", 2), ("10.20.30.77", "no_feed", 1)} == {
        (
            line["client"]["ip"],
            line["dnssensor"]["attribution"]["status"],
            line["dnssensor"]["alert"]["count"],
        )
        for line in done.lines
    }
    assert not any("process" in line for line in done.lines)


def test_final_prints_the_last_revision_of_all(tmp_path: Path, case: tuple[Path, Path]) -> None:
    """
    `--revisions all` prints every revision of an id, 0 first and without a gap; `final` the last.
    """
    more = tmp_path / "more.jsonl"
    later = [resolved(START + n * 400 * SECOND, 300 + n, FIRST, 7172, BOT) for n in range(1, 4)]
    more.write_bytes(json_lines(later))
    words: list[str | Path] = ["replay", "--events", case[1], "--events", more, case[0]]

    every = run(*words, "--revisions", "all").lines
    final = run(*words).lines

    revisions: dict[str, list[dict[str, Any]]] = {}
    for line in every:
        revisions.setdefault(line["event"]["id"], []).append(line)
    for told in revisions.values():
        assert [*range(len(told))] == [line["dnssensor"]["alert"]["revision"] for line in told]
        assert len({line["event"]["start"] for line in told}) >= 1
    assert any(len(told) > 1 for told in revisions.values())
    by_id = {line["event"]["id"]: line for line in final}
    assert {key: told[-1] for key, told in revisions.items()} == by_id


def test_revisions_fall_due_in_the_order_of_time(case: tuple[Path, Path]) -> None:
    """
    `event.created` never goes back in what is printed, nor before the lookup it tells of.
    """
    done = run("replay", "--events", case[1], "--revisions", "all", case[0])

    created = [line["event"]["created"] for line in done.lines]
    assert sorted(created) == created
    assert all(line["event"]["start"] <= line["event"]["created"] for line in done.lines)


def test_statistics_have_the_keys_of_the_contract(case: tuple[Path, Path], tmp_path: Path) -> None:
    """
    --stats writes one JSON object that counts frames, octets, messages, alerts and events.
    """
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(case[1].read_bytes() * 2 + b"{]\n")
    path = tmp_path / "stats.json"

    done = run("replay", "--events", twice, "--stats", path, case[0])

    stats = json.loads(path.read_text())
    assert {"frames", "bytes", "dns_messages", "alerts", "events", "elapsed_s", "sieve"} <= {*stats}
    assert {
        "frames": len(story()),
        "bytes": sum(len(frame.data) for frame in story()),
        "dns_messages": len(story()),
        "alerts": len(done.lines),
        "events": {"read": 2 * len(log()), "duplicate": len(log()), "rejected": 1},
        "anomalies": {},
    } == {
        key: stats[key]
        for key in ("frames", "bytes", "dns_messages", "alerts", "events", "anomalies")
    }
    assert 0 < stats["elapsed_s"] < 60


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_do_not_depend_on_what_is_printed(
    case: tuple[Path, Path], tmp_path: Path, kind: str
) -> None:
    """
    The counts are of what passed and of the alerts there are, whatever --emit says.
    """
    plain, other = tmp_path / "plain", tmp_path / "other"
    run("replay", "--events", case[1], "--stats", plain, case[0])

    run("replay", "--events", case[1], "--stats", other, "--emit", kind, case[0])

    assert counts(plain) == counts(other)


def counts(path: Path) -> dict[str, Any]:
    """All but how long it took, and what the sieve did, which has a part in some kinds only."""
    stats: dict[str, Any] = json.loads(path.read_text())
    about_the_run = ("elapsed_s", "held", "sieve")
    return {key: value for key, value in stats.items() if key not in about_the_run}


# The same inputs, the same bytes


def test_two_runs_give_the_same_bytes(case: tuple[Path, Path]) -> None:
    """
    Nothing but the inputs tells in what is printed.
    """
    assert everything(case[1], case[0], watch=True) == everything(case[1], case[0], watch=True)


@pytest.mark.parametrize("processors", [2, 5])
def test_the_number_of_processors_does_not_show(
    case: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    """
    On several processors, each with a thread for the sieve, the same is printed and counted; and
    the interpreter switches between threads as it did before.
    """
    interval = sys.getswitchinterval()
    seen = []
    for allowed, few in ((1, sifted.FEW), (processors, 0)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, allowed=allowed: range(allowed))
        monkeypatch.setattr(sifted, "FEW", few)
        stats = case[0].parent / "stats.json"
        words = ("--revisions", "all", "--events", case[1], "--stats", stats)
        seen.append((run("replay", *words, *[case[0]] * 3).out, counts(stats)))

    assert seen[0] == seen[1]
    assert interval == sys.getswitchinterval()


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_sets_does_not_show(case: tuple[Path, Path], kind: str) -> None:
    """
    Python's hash seed, which differs from run to run, changes nothing.
    """
    words: list[str | Path] = [
        "replay",
        "--watch",
        "*",
        "--emit",
        kind,
        "--events",
        case[1],
        case[0],
    ]

    found = {
        subprocess.run(
            [sys.executable, "-m", "sensor", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }

    assert {run(*words).out} == found


@needs_realdata
@pytest.mark.parametrize("pair", PAIRS)
def test_the_order_of_sets_does_not_show_in_real_lookups(pair: str) -> None:
    """
    Likewise where there are many candidates.
    """
    events, captures = real(pair)
    words: list[str | Path] = [
        "replay",
        "--watch",
        "*",
        "--emit",
        "lookups",
        "--events",
        events,
        *captures,
    ]

    found = {
        subprocess.run(
            [sys.executable, "-m", "sensor", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,  # one of the captures ends in half a record
        ).stdout
        for seed in ("0", "4711")
    }

    assert 1 == len(found)
    assert b"\n" in found.pop()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_order_of_events_changes_nothing(tmp_path: Path, data: st.DataObject) -> None:
    """
    Events in any order, spread over files in any order, some of them twice: the same lines.
    """
    packets, events = write(tmp_path)
    shuffled = data.draw(st.permutations([*log(), *data.draw(st.lists(st.sampled_from(log())))]))
    cut = data.draw(st.integers(0, len(shuffled)))
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(json_lines(shuffled[:cut]))
    other.write_bytes(json_lines(shuffled[cut:]))
    words: list[str | Path] = [
        "replay",
        "--watch",
        "*",
        "--emit",
        data.draw(st.sampled_from(KINDS[:2])),
        packets,
    ]

    assert (
        run(*words, "--events", events).out == run(*words, "--events", one, "--events", other).out
    )


@needs_realdata
@pytest.mark.parametrize("pair", PAIRS)
def test_the_order_of_real_events_changes_nothing(pair: str, tmp_path: Path) -> None:
    """
    The same for real logs, shuffled, with a third of them twice.
    """
    events, captures = real(pair)
    lines = events.read_bytes().splitlines(keepends=True)
    shuffled = [*lines, *lines[::3]]
    random.Random(pair).shuffle(shuffled)
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl.gz"
    one.write_bytes(b"".join(shuffled[::2]))
    other.write_bytes(gzip.compress(b"".join(shuffled[1::2])))

    assert everything(events, *captures, watch=True) == (
        everything([other, one], *captures, watch=True)
    )


# Captures however they come


PACKED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("how", [*PACKED])
def test_compressed_files_are_read(case: tuple[Path, Path], tmp_path: Path, how: str) -> None:
    """
    Captures and event files may be packed; what they are called does not matter.
    """
    packets, events = tmp_path / "packed-capture", tmp_path / "packed-events"
    packets.write_bytes(PACKED[how](case[0].read_bytes()))
    events.write_bytes(PACKED[how](case[1].read_bytes()))

    assert everything(case[1], case[0]) == everything(events, packets)


@pytest.mark.parametrize("how", [*PACKED])
def test_a_cut_packed_capture_gives_what_was_whole(tmp_path: Path, how: str) -> None:
    """
    A packed file that breaks off exits 1, and what could be unpacked is processed.
    """
    frames = [f for n in range(3000) for f in asked(START + n * SECOND, "10.20.30.41", port=50001)]
    whole = PACKED[how](capture(frames))
    path = tmp_path / "cut"
    path.write_bytes(whole[: len(whole) * 2 // 3])

    done = run("replay", "--watch", "www.example.org", "--emit", "messages", path)

    assert 1 == done.code
    assert 1 == len(done.err.splitlines())
    assert len(done.lines) > 0 or how == "zst"  # one block may hold it all


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_captures_that_overlap_are_one_stream(tmp_path: Path, parts: list[int]) -> None:
    """
    Frames spread over three captures in any way give what the one capture gives.
    """
    packets, events = write(tmp_path)
    paths = []
    for number in range(3):
        frames = [frame for frame, part in zip(story(), parts, strict=True) if part == number]
        paths.append(tmp_path / f"part{number}.pcap")
        paths[-1].write_bytes(capture(frames))

    assert everything(events, packets) == everything(events, *paths)


def test_frames_and_events_are_merged_by_time() -> None:
    """
    Of equal times the frame is first; a frame whose time goes back passes where it stands.
    """
    (frame, *_) = asked(START, "10.20.30.41", port=50001)
    frames = [msgspec.structs.replace(frame, at=at) for at in (5, 3, 7, 7)]
    events = [ended(at) for at in (4, 5, 7, 9)]

    def river(items: list[Any], now: int) -> list[Any]:
        told.append(now)
        return items

    told: list[int] = []
    merged: Any = _played(cast("Any", river), zip((5, 5, 7, 7), frames, strict=True), events)

    assert ["4", 5, 3, "5", 7, 7, "7", "9"] == [
        each.computer if isinstance(each, Ended) else each.at for each in merged
    ]
    assert [5] == [now for now in told if now]  # before the frame that is late


def ended(at: int) -> Ended:
    """An event 5 of a computer named for the time."""
    return Ended(
        at=at,
        computer=str(at),
        channel="",
        record_id=None,
        record_time=at,
        utc_time=None,
        guid=None,
        pid=None,
        image=None,
    )


# Names to watch


def test_watch_takes_the_place_of_the_rules_names(case: tuple[Path, Path]) -> None:
    """
    --watch www.example.org tells its lookups, and no longer the rule's.
    """
    done = run("replay", "--watch", "www.example.org", case[0])

    assert ["www.example.org"] == [line["dnssensor"]["match"]["indicator"] for line in done.lines]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((".org",), 5),
        ((".telegram.org",), 3),
        ((".api.telegram.org",), 0),
        (("telegram.org",), 0),
        (("API.Telegram.ORG.",), 3),
        (("www.example.org", "api.telegram.org"), 5),
        (("*",), 5),
    ],
)
def test_watch_selects_lookups(
    case: tuple[Path, Path], names: tuple[str, ...], expected: int
) -> None:
    """
    A name is exact, `.name` all below it but not itself, `*` every name; compared without case.
    """
    words = [word for name in names for word in ("--watch", name)]

    done = run("replay", "--emit", "lookups", *words, case[0])

    assert expected == len(done.lines)


# The schemas


SCHEMA_OF: Final = {"alerts": "alert", "lookups": "lookup", "messages": "message"}


def validate(kind: str, lines: Sequence[dict[str, Any]]) -> None:
    """Hold lines to the committed schema."""
    path = ROOT / "config" / "schema" / f"{SCHEMA_OF[kind]}.json"
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text()))
    for line in lines:
        validator.validate(line)


@pytest.mark.parametrize("kind", [*SCHEMA_OF])
def test_every_line_follows_its_schema(case: tuple[Path, Path], kind: str) -> None:
    """
    With and without events, watching the rule's name or all: each line is as config/schema says.
    """
    lines = [
        line
        for more in ([], ["--events", case[1]], ["--events", case[1], "--watch", "*"])
        for line in run(
            "replay", "--emit", kind, "--revisions", "all", *map(str, more), case[0]
        ).lines
    ]

    assert len(lines) > 5
    validate(kind, lines)


@needs_realdata
@pytest.mark.parametrize("kind", [*SCHEMA_OF])
@pytest.mark.parametrize("pair", PAIRS)
def test_every_real_line_follows_its_schema(pair: str, kind: str) -> None:
    """
    The same for real pairs.
    """
    events, captures = real(pair)

    done = run(
        "replay",
        "--watch",
        "*",
        "--emit",
        kind,
        "--revisions",
        "all",
        "--events",
        events,
        *captures,
    )

    assert len(done.lines) > 0
    validate(kind, done.lines)


@needs_realdata
def test_every_message_of_real_captures_follows_its_schema() -> None:
    """
    Whatever is in them, malformed messages included.
    """
    captures = sorted(path for path in (REALDATA / "pcaps").rglob("*.pcap*") if path.is_file())
    small = [path for path in captures if path.stat().st_size < 50_000]

    done = run("replay", "--emit", "messages", *small)

    assert len(done.lines) > 1000
    validate("messages", done.lines)


# No bytes whatever make it raise


# What captures and logs begin with, so that fuzzing gets past the first look.
MAGICS: Final = (
    b"",
    capture([])[:24],
    bytes.fromhex("a1b23c4d00020004000000000000000000040000") + (1).to_bytes(4, "big"),
    bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000"),
    gzip.compress(b"")[:10],
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"ElfFile\x00",
    b'{"winlog": ',
    b"<Event xmlns='",
    b"\xff\xfe{\x00",
)


def unharmed(folder: Path, packets: bytes, events: bytes, kind: str) -> None:
    """Replay these octets: an exit code of the contract, JSON on one side, lines on the other."""
    capture_path, event_path = folder / "fuzzed.pcap", folder / "fuzzed.events"
    capture_path.write_bytes(packets)
    event_path.write_bytes(events)

    done = run(
        "replay",
        "--watch",
        "*",
        "--emit",
        kind,
        "--events",
        event_path,
        "--stats",
        folder / "stats",
        capture_path,
    )

    assert done.code in (0, 1)
    assert "Traceback" not in done.err
    assert all(isinstance(line, dict) for line in done.lines)
    if kind in SCHEMA_OF:
        validate(kind, done.lines)
    assert bool(done.code) == any(line.startswith("dns-sensor: ") for line in done.err.splitlines())


fuzzing = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
octets = st.builds(bytes.__add__, st.sampled_from(MAGICS), st.binary(max_size=300))


@fuzzing
@given(packets=octets, events=octets, kind=st.sampled_from(KINDS))
def test_no_octets_make_it_raise(tmp_path: Path, packets: bytes, events: bytes, kind: str) -> None:
    """
    Any octets as capture and as event file end with 0 or 1.
    """
    unharmed(tmp_path, packets, events, kind)


@st.composite
def mutated(draw: st.DrawFn, origin: bytes) -> bytes:
    """These octets with a few overwritten, cut out, doubled, or with the end missing."""
    found = bytearray(origin)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(found) - 1)))
        size = draw(st.integers(1, 40))
        match draw(st.sampled_from(["overwrite", "overwrite", "flip", "cut", "double", "end"])):
            case "overwrite":
                found[at : at + size] = draw(st.binary(min_size=1, max_size=8))
            case "flip" if found:
                found[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del found[at : at + size]
            case "double":
                found[at:at] = found[at : at + size]
            case _:
                del found[at + len(found) // 2 :]
    return bytes(found)


@fuzzing
@given(packets=mutated(capture()), events=mutated(json_lines()), kind=st.sampled_from(KINDS))
def test_no_damage_makes_it_raise(tmp_path: Path, packets: bytes, events: bytes, kind: str) -> None:
    """
    The story's files, damaged.
    """
    unharmed(tmp_path, packets, events, kind)


@fuzzing
@given(payloads=st.lists(st.binary(max_size=200), max_size=8), kind=st.sampled_from(KINDS))
def test_no_payload_makes_it_raise(tmp_path: Path, payloads: list[bytes], kind: str) -> None:
    """
    Any octets from and to port 53, within whole frames.
    """
    client, server = ("10.20.30.41", 50001), (SERVER, 53)
    ends = ((client, server), (server, client))
    frames = [
        datagram(START + number * SECOND, *ends[number % 2], payload)
        for number, payload in enumerate(payloads)
    ]

    unharmed(tmp_path, capture(frames), json_lines(), kind)


@needs_realdata
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_no_damage_to_real_files_makes_it_raise(
    tmp_path: Path, data: st.DataObject, kind: str
) -> None:
    """
    Real captures and logs of many kinds, damaged.
    """
    packets = data.draw(st.sampled_from(small_files("pcaps", 4_000)))
    events = data.draw(st.sampled_from(small_files("events", 20_000)))

    unharmed(
        tmp_path,
        data.draw(mutated(packets.read_bytes())),
        data.draw(mutated(events.read_bytes())),
        kind,
    )


def small_files(folder: str, most: int) -> list[Path]:
    """Real files up to a size."""
    return sorted(
        path
        for path in (REALDATA / folder).rglob("*")
        if path.is_file() and 0 < path.stat().st_size < most and path.suffix != ".tsv"
    )
