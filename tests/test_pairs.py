"""Real captures with the Sysmon log of the same run: who made each lookup?

The answer is worked out twice: by `dns-sensor replay`, which finds zones and hosts from the log
itself, and by `tests/pairs.py`, which is told them and shares no code with the sensor.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.pairs import Pair, Wish, process
from tests.realdata import REALDATA, needs_realdata
from tests.replays import run

PAIRS: Final = sorted((REALDATA / "pairs").glob("*/"))

Line = dict[str, Any]


@cache
def pair(folder: Path) -> Pair:
    return Pair(folder)


@cache
def lines(folder: Path) -> list[Line]:
    """The lookups that the sensor finds, those without a packet left out."""
    this = pair(folder)
    done = run(
        *("replay", "--watch", "*", "--emit", "lookups", "--events", this.log), *this.captures
    )
    assert "Traceback" not in done.err
    return [line for line in done.lines if "client" in line]


def matched(folder: Path) -> list[tuple[Wish, Line]]:
    """Each lookup with its line: the same client and name, first and last packet."""
    left = lines(folder).copy()
    both = []
    for wish in pair(folder).wishes:
        line = next(line for line in left if is_of(wish, line))
        left.remove(line)
        both.append((wish, line))
    assert [] == left
    return both


def is_of(wish: Wish, line: Line) -> bool:
    return (
        (wish.client, wish.qname) == (line["client"]["ip"], line["qname"])
        and abs(wish.first - utc(line["first"])) < 1e-5
        and any(abs(last - utc(line["last"])) < 1e-5 for last in wish.last)
    )


def utc(text: str) -> float:
    return datetime.fromisoformat(text[:26] + "+00:00").timestamp()


def named(line: Line) -> list[str]:
    """The processes that the line names as candidates, best first."""
    return [named_process(each["process"]) for each in line["attribution"]["candidates"]]


def named_process(fields: Line) -> str:
    return process(fields.get("entity_id"), fields.get("pid"))


@needs_realdata
@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_scan_sees_what_the_truth_file_lists(folder: Path) -> None:
    """
    Every message that the truth file puts beside an event 22 is among those read here.
    """
    this = pair(folder)
    seen = {(round(each.at, 2), each.qname, each.response) for each in this.seen}
    told = {
        (this_at + wire["dt"], wire["wire_name"].lower(), wire["resp"] == "1")
        for event in this.told
        for this_at in [event["record_time_utc_corrected"]]
        for wire in event["wire_corrected"]
    }

    for at, name, response in told:
        near = {(round(at + step / 100, 2), name, response) for step in (-1, 0, 1)}
        assert near & seen


@needs_realdata
@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_lookups_are_those_on_the_wire(folder: Path) -> None:
    """
    The packets of both readings gather in the same lookups: client, name, first and last packet.
    """
    assert len(pair(folder).wishes) == len(matched(folder))


@needs_realdata
@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_every_lookup_is_attributed_to_who_asked(
    folder: Path, tally: Callable[[str], None]
) -> None:
    """
    Where one process asked in the window the lookup is that process's, where several did all are
    candidates, and where none did the status says why.
    """
    right = Counter[str]()
    total = Counter[str]()
    wrong = []
    for wish, line in matched(folder):
        status, candidates = line["attribution"]["status"], named(line)
        last = utc(line["last"])
        askers = pair(folder).askers(wish, last)
        if pair(folder).stands_behind(wish):
            kind, good = "resolver", status == "resolver_vantage"
        elif not askers:
            kind = "nobody asked"
            good = status == pair(folder).status_without_asker(wish, last) and not candidates
        elif len(askers) == 1:
            kind = "one asked"
            held = named_process(line.get("process", {}))
            good = status == "attributed" and askers == set(candidates) == {held}
        else:
            kind = "several asked"
            good = status == "ambiguous" and askers == set(candidates)
        total[kind] += 1
        right[kind] += good
        if not good:
            wrong.append((line["first"], wish.client, wish.qname, status, candidates, askers))
    told = ", ".join(f"{kind} {right[kind]}/{total[kind]}" for kind in sorted(total))
    tally(f"{folder.name}: {told}")

    assert [] == wrong


@needs_realdata
def test_all_pairs_hold_what_they_are_here_for(tally: Callable[[str], None]) -> None:
    """
    Over all pairs there are lookups that one, several and no process asked for.
    """
    counted = Counter(
        min(len(pair(folder).askers(wish, utc(line["last"]))), 2)
        for folder in PAIRS
        for wish, line in matched(folder)
    )
    statuses = Counter(line["attribution"]["status"] for folder in PAIRS for line in lines(folder))
    listed = ", ".join(f"{status} {number}" for status, number in sorted(statuses.items()))
    one, several = statuses["attributed"], statuses["ambiguous"]
    tally(f"all pairs: one asked {one}/{counted[1]}, several asked {several}/{counted[2]}")
    tally(f"all pairs: {listed}")

    assert {0, 1, 2} == counted.keys()
    assert counted[1] == statuses["attributed"]
    assert counted[2] == statuses["ambiguous"]
