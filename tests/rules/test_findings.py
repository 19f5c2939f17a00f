"""What the findings of one alert come to together."""

import random
from collections.abc import Iterable

import msgspec
import pytest

from sensor.anomalies import Anomaly
from sensor.attribution.values import FollowOn, Status
from sensor.endpoint.events import Asked
from sensor.rules.findings import EVIDENCE, RANK, FindingId, Findings
from sensor.rules.verdict import Verdict
from tests.attribution.wishes import HOST, IP, MATCH, RULE, asked, at, lookup

BASE = ("base", 36)


def of_event(
    when: int | str = 0,
    *,
    status: Status = Status.ENDPOINT_ONLY,
    masquerade: bool = False,
    reasons: tuple[tuple[str, int], ...] = (BASE,),
    evidence: tuple[Asked, ...] | None = None,
    record_id: int = 100,
    follow_on: FollowOn | None = None,
    anomalies: tuple[Anomaly, ...] = (),
) -> Verdict:
    event = asked(when, record_id=record_id)
    wish = msgspec.structs.replace(lookup(when), anomalies=anomalies) if anomalies else None
    return Verdict(
        at=at(when),
        id=("event", event),
        rule=RULE.id,
        key=(RULE.id, "computer", HOST),
        time=at(when),
        match=MATCH,
        status=status,
        is_finding=True,
        masquerade=masquerade,
        lookup=wish,
        reasons=reasons,
        evidence=(event,) if evidence is None else evidence,
        follow_on=follow_on,
    )


def finding(verdict: Verdict) -> FindingId:
    return verdict.rule, verdict.id


def gathered(verdicts: Iterable[Verdict]) -> Findings:
    findings = Findings()
    for verdict in verdicts:
        findings.put(finding(verdict), verdict)
    return findings


def test_every_status_has_a_rank() -> None:
    """
    An alert over many lookups carries the status of its best-explained one.
    """
    assert set(Status) == set(RANK)


@pytest.mark.parametrize("shuffle", range(5))
def test_the_best_explained_one_is_shown(shuffle: int) -> None:
    """
    Whatever order they come in: a masquerade, then by status, then one that is followed by a
    connection, then the first.
    """
    order = [
        of_event(9, masquerade=True),
        of_event(8, status=Status.ATTRIBUTED, follow_on=FollowOn(IP, 443, 0)),
        of_event(6, status=Status.ATTRIBUTED),
        of_event(7, status=Status.ATTRIBUTED),
        of_event(5, status=Status.COVERED_BUT_SILENT),
    ]
    mixed = order[:]
    random.Random(shuffle).shuffle(mixed)
    findings = gathered(mixed)

    best = []
    for _ in order:
        best.append(findings.whole().best)
        findings.remove(finding(best[-1]))
    assert order == best


def test_count_start_and_end_follow_what_comes_and_goes() -> None:
    """
    A finding told again replaces what it was; one that is removed leaves nothing.
    """
    findings = gathered([of_event(5), of_event(1), of_event(9)])
    moved = msgspec.structs.replace(of_event(9), time=at(3))
    findings.put(finding(moved), moved)
    findings.remove(finding(of_event(1)))

    whole = findings.whole()
    assert (2, at(3), at(5)) == (whole.count, whole.start, whole.end)


def test_reasons_are_those_of_all_findings_in_one_order() -> None:
    """
    Each once, for as long as some finding has it.
    """
    silent = of_event(1, reasons=(BASE, ("covered_but_silent", 20)))
    script = of_event(2, reasons=(BASE, ("script_host", 15)))
    findings = gathered([script, silent])

    assert (BASE, ("covered_but_silent", 20), ("script_host", 15)) == findings.whole().reasons
    findings.remove(finding(silent))
    assert (BASE, ("script_host", 15)) == findings.whole().reasons


def test_evidence_is_each_event_once_in_order_of_time() -> None:
    """
    Two findings may share an event; it stays until both have gone.
    """
    shared = asked(5, record_id=5)
    first = of_event(1, evidence=(shared, asked(1, record_id=1)))
    second = of_event(2, evidence=(shared,))
    findings = gathered([first, second])

    assert [1, 5] == [event.record_id for event in findings.whole().evidence]
    findings.remove(finding(first))
    assert [5] == [event.record_id for event in findings.whole().evidence]


@pytest.mark.parametrize("count", [39, 40, 41, 100])
@pytest.mark.parametrize("folded", [0.0, 0.5, 1.0])
def test_of_much_evidence_the_first_and_the_last_are_shown(count: int, folded: float) -> None:
    """
    The first 20 and the last 20, in whatever order they came and however much is folded.
    """
    rng = random.Random(count)
    numbers = list(range(count))
    rng.shuffle(numbers)
    findings = Findings()
    for n in numbers:
        verdict = of_event(n, record_id=n)
        findings.put(finding(verdict), verdict)
        if rng.random() < folded:
            findings.fold(finding(verdict))

    every = list(range(count))
    expected = every if count <= 2 * EVIDENCE else [*every[:EVIDENCE], *every[-EVIDENCE:]]
    assert expected == [event.record_id for event in findings.whole().evidence]


def test_folding_changes_nothing() -> None:
    """
    What nothing changes any more counts as before: count, start, end, best, reasons, anomalies and
    evidence are the same before and after.
    """
    rng = random.Random(7)
    verdicts = [
        of_event(
            n,
            status=rng.choice(RANK),
            record_id=n,
            masquerade=n == 17,
            reasons=(BASE, *([("script_host", 15)] if n == 3 else [])),
            anomalies=(Anomaly.MIRRORED_DUPLICATE,) if n == 5 else (),
        )
        for n in rng.sample(range(60), 60)
    ]
    findings = gathered(verdicts)
    before = findings.whole()
    for verdict in verdicts:
        findings.fold(finding(verdict))

        assert before == findings.whole()
    assert not list(findings.live)


def test_the_only_finding_is_live() -> None:
    """
    One that is folded is not moved to another alert any more.
    """
    verdict = of_event()
    findings = gathered([verdict])

    assert findings.is_only(finding(verdict))
    findings.fold(finding(verdict))
    assert not findings.is_only(finding(verdict))
