"""Random traffic through the whole replay: the sieve changes neither a line nor a count.

That the traffic is not idle is shown by a census of drawn parts: each reason, role and outcome is
met, and each kind of name passes in some message and is dropped in another.
"""

import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sensor.sieve.reasons import LAST_DROPPED, Reason
from tests.replays import ROOT, json_lines, run
from tests.sieve.carriage import LINKS, TUNNELS, WAYS
from tests.sieve.law import World
from tests.sieve.mixtures import (
    DAMAGES,
    MESSAGES,
    Part,
    captures,
    drawn,
    frames_in,
    frames_of,
    written,
)
from tests.sieve.near import NAMES, WATCHED

ETHERNET: Final = 1
ALL_ALERTS: Final = ("--emit", "alerts", "--revisions", "all")
LOOKUPS: Final = ("--emit", "lookups")
COUNTED: Final = ("frames", "bytes", "dns_messages", "alerts", "exempt_lookups", "events")
CENSUS: Final = 3000
PER_CAPTURE: Final = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules with exact names and parents in two files, no DNS off its port in a second."""
    folder = tmp_path_factory.mktemp("mixtures")
    shipped = yaml.safe_load((ROOT / "config/rules/telegram-bot-api.yaml").read_text())
    (folder / "rules").mkdir()
    for number, names in enumerate((WATCHED[:2], WATCHED[2:])):
        rule = {**shipped, "id": f"rule-{number}", "names": list(names)}
        (folder / "rules" / f"rule-{number}.yaml").write_text(yaml.safe_dump(rule))
    (folder / "any.yaml").write_text("tunnels: {vxlan_ports: [4790]}\n")
    (folder / "quiet.yaml").write_text("dns: {any_port: false, ports: [53, 5300]}\n")
    (folder / "events.jsonl").write_bytes(json_lines())
    return folder


def replayed(folder: Path, *arguments: str | Path) -> tuple[int, bytes, str, dict[str, Any]]:
    """Replay the capture in the folder: how it ended, what it printed, all that it counted."""
    stats = folder / "stats.json"
    done = run("replay", "--stats", stats, *arguments, folder / "capture")
    return done.code, done.out, done.err, json.loads(stats.read_text())


def differences(folder: Path, *arguments: str | Path) -> list[str]:
    """Tell what the sieve changes in the lines and counts of the capture in the folder."""
    found = []
    for emit in (ALL_ALERTS, LOOKUPS):
        *whole, same = replayed(folder, *emit, *arguments, "--no-sieve")
        *sifted, counts = replayed(folder, *emit, *arguments)
        assert {} == same["sieve"]
        assert counts["frames"] == sum(counts["sieve"].values())
        found += [
            f"{emit[1]}: {each!r:.500} with, {other!r:.500} without the sieve"
            for each, other in zip(sifted, whole, strict=True)
            if each != other
        ]
        found += [
            f"{emit[1]}: {key} {counts[key]} with, {same[key]} without the sieve"
            for key in COUNTED
            if counts[key] != same[key]
        ]
    return found


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    parts=captures,
    watched=st.sampled_from(
        [
            ("-c", "any.yaml"),
            ("-c", "any.yaml"),
            ("-c", "quiet.yaml"),
            ("--watch", "API.telegram.org", "--watch", ".example.org"),
            ("--watch", "org", "--watch", "deep.example.org", "--watch", "\\000"),
        ]
    ),
    with_events=st.booleans(),
    is_pcapng=st.booleans(),
)
def test_the_sieve_changes_nothing(
    folder: Path, parts: list[Part], watched: tuple[str, ...], with_events: bool, is_pcapng: bool
) -> None:
    """
    Alerts with all their revisions, lookups and counts are the same without it, octet for octet.
    """
    (folder / "capture").write_bytes(written(frames_in(parts), is_pcapng=is_pcapng))
    arguments = [folder / each if each.endswith(".yaml") else each for each in watched]
    if with_events:
        arguments += ["--events", folder / "events.jsonl"]

    assert [] == differences(folder, *arguments)
    for reason in json.loads((folder / "stats.json").read_text())["sieve"]:
        event(reason)


@cache
def census() -> list[tuple[Part, list[Reason]]]:
    """Drawn parts, and what becomes of each of their frames."""
    world = World(WATCHED)
    return [
        (part, [world.judged(data, ETHERNET) for data in frames_of(part)])
        for part in drawn(4, CENSUS)
    ]


def test_each_reason_is_met() -> None:
    """
    The traffic has frames for every reason, those to drop one included.
    """
    met = Counter(reason for _, reasons in census() for reason in reasons)

    assert set(Reason) == met.keys()
    assert min(met.values()) >= 10


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("message", MESSAGES),
        ("name", NAMES),
        ("damage", DAMAGES),
        ("way", WAYS),
        ("tunnel", TUNNELS),
        ("link", LINKS),
    ],
)
def test_each_kind_of_part_is_passed_and_dropped(field: str, table: dict[str, object]) -> None:
    """
    Nothing in a table goes one way always, but a link that nobody reads.
    """
    seen: defaultdict[str, set[bool]] = defaultdict(set)
    for part, reasons in census():
        seen[getattr(part, field)] |= {reason > LAST_DROPPED for reason in reasons}

    assert {key: {False} if key == "nobody's" else {False, True} for key in table} == seen


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("watched", {Reason.WATCHED}),
        ("in any case", {Reason.WATCHED}),
        ("another", {Reason.DROPPED_DNS}),
        ("an octet changed", {Reason.WATCHED, Reason.DROPPED_DNS}),
        ("a bit changed", {Reason.WATCHED, Reason.DROPPED_DNS}),
        ("parted elsewhere", {Reason.WATCHED, Reason.DROPPED_DNS}),
        ("above", {Reason.DROPPED_DNS}),
        ("below", {Reason.DROPPED_DNS}),
        ("under a parent", {Reason.WATCHED, Reason.DROPPED_DNS}),
        ("nearly under a parent", {Reason.DROPPED_DNS}),
        ("long", {Reason.WATCHED, Reason.DROPPED_DNS}),
        ("any", {Reason.DROPPED_DNS}),
        ("none", {Reason.DROPPED_DNS}),
    ],
)
def test_near_misses_are_dropped(name: str, expected: set[Reason]) -> None:
    """
    Asked in a plain query, names pass or are dropped as their kind says.
    """
    world = World(WATCHED)
    part = Part("query", name, "none", "plain", "none", "ethernet", 0, 0)
    reasons = {
        world.judged(data, ETHERNET)
        for seed in range(300)
        for data in frames_of(part._replace(seed=seed))
    }

    assert expected == reasons


def test_lookups_of_all_kinds_come_of_it(folder: Path) -> None:
    """
    Of the census come lookups of every role, answered, unanswered and by their response alone;
    alerts are told and revised; and the sieve changes nothing in all of it.
    """
    roles, outcomes, revisions = set[str](), set[str](), set[int]()
    parts = drawn(4, CENSUS // 4)
    for start in range(0, len(parts), PER_CAPTURE):
        some = parts[start : start + PER_CAPTURE]
        (folder / "capture").write_bytes(written(frames_in(some), is_pcapng=False))
        arguments = ("-c", folder / "any.yaml", "--events", folder / "events.jsonl")
        assert [] == differences(folder, *arguments)
        for line in run("replay", *LOOKUPS, *arguments, folder / "capture").lines:
            roles.add(line["match"]["role"])
            outcomes.add(line["outcome"])
        for line in run("replay", *ALL_ALERTS, *arguments, folder / "capture").lines:
            revisions.add(line["dnssensor"]["alert"]["revision"])

    assert {"qname", "cname", "dname", "svcb", "https"} == roles
    assert {"answered", "unanswered", "response_only", "endpoint_only"} == outcomes
    assert {0, 1, 2} <= revisions
