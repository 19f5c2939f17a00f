"""What is told, when, under which id, and when again."""

import random
import uuid
from collections.abc import Iterable

import msgspec
import pytest

from sensor import alerts as gathering
from sensor.alerts import Alert, Alerts, Settings
from sensor.attribution.values import Status
from sensor.endpoint.events import Asked, ProcessEvent
from sensor.endpoint.processes import Process
from sensor.lookups import Lookup
from sensor.rules.judge import Judge
from sensor.rules.verdict import AlertKey, Candidate, Verdict
from sensor.stage import END, HOUR, MINUTE, SECOND
from tests.attribution.test_attribute import traffic
from tests.attribution.wishes import (
    CLIENT,
    GENUINE,
    HOST,
    IP,
    MATCH,
    RULE,
    WATCH,
    asked,
    at,
    attribution,
    connected,
    ended,
    guid,
    lookup,
    queried,
    started,
)

Item = Lookup | ProcessEvent
COMPUTER: AlertKey = (RULE.id, "computer", HOST)
PROCESS: AlertKey = (RULE.id, "process", HOST, guid(1), 0, "")


def wire(
    first: float = 0,
    *,
    seen: float | str | None = None,
    status: Status = Status.COVERED_BUT_SILENT,
    key: AlertKey = COMPUTER,
    finding: bool = True,
    retired: bool = False,
    exempt: bool = False,
    reasons: tuple[tuple[str, int], ...] = (("base", 36),),
    last: float | None = None,
) -> Verdict:
    wish = lookup(str(first), last)
    return Verdict(
        at=at(first if seen is None else seen),
        id=("wire", wish.identity),
        rule=RULE.id,
        key=key,
        time=wish.first,
        match=MATCH,
        status=status,
        is_finding=finding,
        is_exempt=exempt,
        lookup=wish,
        computer=HOST,
        reasons=reasons,
        retired=retired,
    )


def heard(
    when: float = 0,
    *,
    seen: float | None = None,
    status: Status = Status.ATTRIBUTED,
    key: AlertKey = PROCESS,
    explains: Verdict | None = None,
    finding: bool = True,
    retired: bool = False,
    masquerade: bool = False,
) -> Verdict:
    event = asked(str(when), record_id=round(when * 1000))
    return Verdict(
        at=at(when if seen is None else seen),
        id=("event", event),
        rule=RULE.id,
        key=key,
        time=event.at if explains is None else explains.time,
        match=MATCH,
        status=status,
        is_finding=finding,
        masquerade=masquerade,
        event=event,
        computer=HOST,
        reasons=(("base", 36),),
        evidence=(event,),
        inherits=() if explains is None else (explains.id,),
        retired=retired,
    )


def told(
    verdicts: Iterable[Verdict], now: int = END, *, stage: Alerts | None = None
) -> list[Alert]:
    return list((stage or Alerts(Settings()))(verdicts, now))


def revisions(alerts: Iterable[Alert]) -> list[tuple[int, str, int]]:
    return [(alert.revision, alert.state, alert.count) for alert in alerts]


def river(items: Iterable[Item], now: int = END, *, feed: bool = True) -> list[Alert]:
    """Let lookups and events through attribution and judge as well."""
    joining = attribution(feed=feed)
    stage = Alerts(Settings(hold=15 * SECOND if feed else 0))
    return list(stage(Judge([RULE], WATCH)(joining(items, now), now), now))


# When a finding is told.


def test_a_named_process_is_told_at_once() -> None:
    """
    attributed does not wait for the hold.
    """
    assert [at(1)] == [alert.created for alert in told([heard(0, seen=1)], at(1))]


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ATTRIBUTED])
def test_any_other_finding_is_held(status: Status) -> None:
    """
    For 15 s after the lookup, to the nanosecond; it is due then, not when a packet reveals it.
    """
    stage = Alerts(Settings())

    assert [] == told([wire(0, status=status)], at(15) - 1, stage=stage)
    assert at(15) == stage.deadline()
    assert [at(15)] == [alert.created for alert in told([], at(60), stage=stage)]


def test_without_a_feed_nothing_is_held() -> None:
    """
    There is nothing to wait for.
    """
    stage = Alerts(Settings(hold=0))

    assert 1 == len(told([wire(0, status=Status.NO_FEED)], at(0), stage=stage))


def test_a_finding_that_ceases_while_held_is_never_told() -> None:
    """
    An exempt process explained it in time.
    """
    assert [] == told([wire(0), wire(0, seen=1, finding=False)])


def test_a_held_finding_is_told_as_it_stands_when_due() -> None:
    """
    What changed meanwhile makes no revision.
    """
    verdicts = [wire(0, status=Status.FEED_BEHIND), wire(0, seen=11)]

    assert [(0, "unattributed", 1)] == revisions(told(verdicts, at(20)))


def test_at_the_end_everything_held_falls_due() -> None:
    """
    At the last time seen, not after it.
    """
    stage = Alerts(Settings())
    told([wire(0)], at(7), stage=stage)

    assert [at(7)] == [alert.created for alert in told([], END, stage=stage)]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.ATTRIBUTED, "attributed"),
        (Status.AMBIGUOUS, "ambiguous"),
        (Status.ENDPOINT_ONLY, "endpoint_only"),
        (Status.FEED_BEHIND, "awaiting_attribution"),
        (Status.FEED_STALE, "unattributed"),
        (Status.COVERED_BUT_SILENT, "unattributed"),
        (Status.HOST_NOT_COVERED, "unattributed"),
        (Status.HOST_UNKNOWN, "unattributed"),
        (Status.RESOLVER_VANTAGE, "unattributed"),
        (Status.NO_FEED, "unattributed"),
    ],
)
def test_the_state_follows_the_status(status: Status, state: str) -> None:
    """
    Three states keep the status' name, waiting has its own, the rest is unattributed.
    """
    assert state == told([wire(status=status)])[0].state


def test_masquerade_overrides_the_state() -> None:
    """
    The status stays what it is.
    """
    alert = told([heard(masquerade=True)])[0]

    assert ("masquerade", Status.ATTRIBUTED) == (alert.state, alert.best.status)


# Under which id.


def test_the_id_is_made_once() -> None:
    """
    A UUIDv5; a lookup that is told late and began earlier makes no other of it.
    """
    first = wire(10, status=Status.FEED_BEHIND)
    alerts = told([first, wire(5, seen=26), wire(10, seen=40, finding=False)], at(60))

    assert 5 == uuid.UUID(alerts[0].id).version
    assert [at(10), at(5), at(5)] == [alert.start for alert in alerts]
    assert 1 == len({alert.id for alert in alerts})


def test_the_same_findings_have_the_same_id() -> None:
    """
    In another run too; another key or time has another.
    """
    other = wire(0, key=(RULE.id, "client", CLIENT))
    ids = [told([v])[0].id for v in (wire(0), wire(0), wire(1), other)]

    assert 3 == len(set(ids))
    assert ids[0] == ids[1]


def test_no_id_is_given_twice() -> None:
    """
    A finding that comes back after its alert was retracted begins a new one.
    """
    verdicts = [wire(0, seen=20), wire(0, seen=30, finding=False), wire(0, seen=40)]
    alerts = told(verdicts, at(50))

    assert [(0, "unattributed", 1), (1, "retracted", 0), (0, "unattributed", 1)] == revisions(
        alerts
    )
    assert alerts[0].id == alerts[1].id != alerts[2].id


def test_a_renamed_alert_keeps_its_id_from_a_later_one() -> None:
    """
    Its first key and time may come again; it is another alert then.
    """
    first = wire(0, seen=20)
    renamed = heard(1, seen=21, explains=first)
    again = msgspec.structs.replace(wire(0, seen=30), id=("wire", lookup(0, nth=1).identity))
    alerts = told([first, renamed, again], at(50))

    assert [0, 1, 0] == [alert.revision for alert in alerts]
    assert 2 == len({alert.id for alert in alerts})


# When it is told again.


def test_the_same_again_is_no_revision() -> None:
    """
    Nothing that a reader sees has changed.
    """
    verdicts = [heard(0), heard(0, seen=1), heard(0, seen=2, retired=True)]

    assert [(0, "attributed", 1)] == revisions(told(verdicts))


def test_what_no_reader_sees_is_no_revision() -> None:
    """
    A candidate's command line is not shown; the lookup's other flows and its closing neither.
    """
    candidate = Candidate(HOST, Process(HOST, guid(2)), 0.5)
    verdict = msgspec.structs.replace(wire(0, seen=20), candidates=(candidate,))
    assert verdict.lookup is not None
    flows = (*verdict.lookup.flows, lookup(port=50_001).flows[0])
    wish = msgspec.structs.replace(verdict.lookup, flows=flows, closed=True, at=at(21))
    known = Candidate(HOST, Process(HOST, guid(2), command_line="bot --poll"), 0.5)
    again = msgspec.structs.replace(verdict, lookup=wish, candidates=(known,))

    assert 1 == len(told([verdict, again]))


def test_a_visible_change_is_told_at_once() -> None:
    """
    The status, the reasons, the candidates, the start.
    """
    changes = [
        wire(0, seen=21, status=Status.FEED_STALE),
        wire(0, seen=22, reasons=(("base", 36), ("covered_but_silent", 20))),
        msgspec.structs.replace(wire(0, seen=23), candidates=(Candidate("b.x", None, 0.0),)),
    ]
    alerts = told([wire(0, seen=20, status=Status.FEED_BEHIND), *changes], at(24))

    assert [at(20), at(21), at(22), at(23)] == [alert.created for alert in alerts]
    assert [0, 1, 2, 3] == [alert.revision for alert in alerts]


def test_a_higher_count_is_told_every_five_minutes() -> None:
    """
    Each time with all that came meanwhile; created when it fell due.
    """
    verdicts = [heard(n) for n in range(0, 700, 10)]
    alerts = told(verdicts, at(699))

    assert [(at(0), 1), (at(300), 30), (at(600), 60)] == [(a.created, a.count) for a in alerts]


def test_the_last_count_is_told_when_the_alert_closes() -> None:
    """
    Even where the next update would come after that.
    """
    stage = Alerts(Settings(update_every=10 * HOUR))
    alerts = told([heard(0), heard(10), heard(1000)], at(1000) + HOUR, stage=stage)

    assert [(at(0), 1), (at(1000) + HOUR, 3)] == [(a.created, a.count) for a in alerts]


def test_a_repeat_that_only_lasts_longer_is_told_with_the_next_update() -> None:
    """
    The lookup's last packet is shown, and so is right in the end.
    """
    alerts = told([wire(0, seen=20), wire(0, seen=21, last=9)], at(400))

    assert [at(20), at(320)] == [alert.created for alert in alerts]
    assert alerts[-1].best.lookup is not None
    assert at(9) == alerts[-1].best.lookup.last


def test_a_change_that_falls_due_late_is_not_told_before_its_time() -> None:
    """
    Times never go back in what is told.
    """
    rng = random.Random(3)
    verdicts = [heard(n, seen=n + rng.random() * 100) for n in range(0, 20_000, 50)]
    alerts = told(sorted(verdicts, key=lambda v: v.at))

    assert sorted(alert.created for alert in alerts) == [alert.created for alert in alerts]


# What gathers.


def test_findings_gather_while_they_keep_coming() -> None:
    """
    An hour after the last one, to the nanosecond, one still joins; later ones begin anew.
    """
    times = [at(0), at(3600), at(7200)]
    joined = [msgspec.structs.replace(heard(n), time=t, at=t) for n, t in enumerate(times)]
    late = msgspec.structs.replace(heard(9), time=at(10_800) + 1, at=at(10_800) + 1)
    alerts = told([*joined, late])

    assert [(3, at(0), at(7200)), (1, late.time, late.time)] == [
        (a.count, a.start, a.end) for a in {a.id: a for a in alerts}.values()
    ]


def test_what_came_in_time_may_still_be_held_when_an_alert_closes() -> None:
    """
    A lookup at the last moment, told after the hold, belongs to it.
    """
    first, second = wire(0, seen=20), wire(3600)
    alerts = told([first, second])

    assert 1 == len({alert.id for alert in alerts})
    assert 2 == alerts[-1].count


def test_updates_that_are_rarer_than_lookups_part_nothing() -> None:
    """
    What keeps the alert together is when the findings came, not when they were told.
    """
    stage = Alerts(Settings(quiet_for=20 * SECOND, update_every=HOUR))
    alerts = told([heard(n) for n in range(0, 200, 15)], stage=stage)

    assert 1 == len({alert.id for alert in alerts})


def test_an_event_that_explains_the_only_lookup_takes_its_alert_over() -> None:
    """
    A revision of the same id, under the process.
    """
    silent = wire(0, seen=20)
    alerts = told([silent, heard(1, seen=30, explains=silent), wire(0, seen=30, finding=False)])

    assert [(0, "unattributed", 1), (1, "attributed", 1)] == revisions(alerts)
    assert 1 == len({alert.id for alert in alerts})


def test_a_process_with_an_open_alert_takes_the_lookup_there() -> None:
    """
    The lookup's own alert is retracted.
    """
    silent = wire(0, seen=20)
    explained = heard(1, seen=30, explains=silent)
    alerts = told([heard(-5), silent, explained, wire(0, seen=30, finding=False)], at(40))
    last = {alert.id: alert for alert in alerts}

    assert ["attributed", "retracted"] == [alert.state for alert in last.values()]
    assert [1, 0] == [alert.count for alert in last.values()]
    assert 2 == told([heard(-5), silent, explained], at(400))[-1].count


def test_one_of_several_lookups_moves_and_the_count_drops() -> None:
    """
    In a revision at once; the explained one begins its process' alert.
    """
    first, second = wire(0, seen=20), wire(5, seen=21)
    explained = heard(6, seen=30, explains=second)
    alerts = told([first, second, explained, wire(5, seen=30, finding=False)], at(40))

    assert [(0, "unattributed", 1), (0, "attributed", 1)] == revisions(alerts)
    alerts = told([first, second, explained, wire(5, seen=330, finding=False)], at(340))
    assert [(1, "unattributed", 2), (2, "unattributed", 1)] == revisions(alerts)[-2:]


def test_a_lookup_whose_host_is_learned_gives_its_alert_the_new_key() -> None:
    """
    The client's address becomes the computer's name, under the same id.
    """
    client = wire(0, seen=20, key=(RULE.id, "client", CLIENT), status=Status.HOST_UNKNOWN)
    alerts = told([client, wire(0, seen=30, status=Status.FEED_BEHIND)], at(40))

    assert [0, 1] == [alert.revision for alert in alerts]
    assert 1 == len({alert.id for alert in alerts})


def test_two_rules_have_two_alerts() -> None:
    """
    Of one lookup.
    """
    other = msgspec.structs.replace(wire(0), rule="other", key=("other", "computer", HOST))

    assert {RULE.id, "other"} == {alert.rule for alert in told([wire(0), other])}


# What comes after.


def test_a_retired_finding_still_counts() -> None:
    """
    For the alert goes on: count, start and evidence hold what is folded.
    """
    verdicts = [heard(0), heard(0, seen=1900, retired=True), heard(2000)]
    alerts = told(verdicts)

    assert (2, at(0), at(2000)) == (alerts[-1].count, alerts[-1].start, alerts[-1].end)
    assert [at(0), at(2000)] == [event.at for event in alerts[-1].evidence]


def test_a_finding_of_a_closed_alert_may_still_change() -> None:
    """
    It is a revision; with its last finding gone the alert is retracted even then.
    """
    stage = Alerts(Settings(quiet_for=MINUTE))
    verdicts = [wire(0, seen=20, status=Status.FEED_BEHIND), wire(0, seen=600)]
    gone = wire(0, seen=700, finding=False)

    assert [
        (0, "awaiting_attribution", 1),
        (1, "unattributed", 1),
        (2, "retracted", 0),
    ] == revisions(told([*verdicts, gone], stage=stage))
    assert not stage._open


def test_a_closed_alert_is_not_taken_over() -> None:
    """
    Its hour is over: the process that is found out then begins an alert of its own.
    """
    stage = Alerts(Settings(quiet_for=MINUTE))
    silent = wire(0, seen=20)
    explained = heard(1, seen=600, explains=silent)
    alerts = told([silent, explained, wire(0, seen=600, finding=False)], at(601), stage=stage)

    assert [(0, "unattributed", 1), (0, "attributed", 1), (1, "retracted", 0)] == revisions(alerts)


def test_what_changes_while_an_alert_closes_is_not_told_before_it_changed() -> None:
    """
    Between the hour's end and the end of the hold its last packet may still move.
    """
    stage = Alerts(Settings(quiet_for=20 * SECOND, update_every=SECOND))
    alerts = told([wire(0, seen=15), wire(0, seen=30, last=9)], at(60), stage=stage)

    assert [at(15), at(30)] == [alert.created for alert in alerts]


def test_the_last_count_of_a_closed_alert_is_not_lost() -> None:
    """
    What was kept back when its last finding retired is told then.
    """
    stage = Alerts(Settings(quiet_for=MINUTE))
    verdicts = [
        wire(0, seen=20),
        wire(0, seen=600, last=9),
        wire(0, seen=601, last=9, retired=True),
    ]
    alerts = told(verdicts, at(602), stage=stage)

    assert alerts[-1].best.lookup is not None
    assert at(9) == alerts[-1].best.lookup.last


def test_an_exempt_lookup_is_counted_once() -> None:
    """
    When nothing changes it any more; it raises nothing.
    """
    stage = Alerts(Settings())
    exempt = wire(0, finding=False, exempt=True)

    assert [] == told(
        [exempt, wire(0, seen=9, finding=False, exempt=True, retired=True)], stage=stage
    )
    assert 1 == stage.exempt


def test_too_many_alerts_close_the_one_longest_without_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Its count is told, it is counted as let go of, and nothing more is told of its findings.
    """
    monkeypatch.setattr(gathering, "MOST", 2)
    stage = Alerts(Settings())
    a, b, c = ((*PROCESS[:2], host) for host in "abc")
    verdicts = [
        heard(0, key=a),
        heard(1, key=b),
        heard(2, key=b),
        heard(3, key=a),
        heard(4, key=c),
        heard(1, seen=5, key=b, status=Status.ENDPOINT_ONLY),
        heard(1, seen=6, key=b, retired=True),
        heard(2, seen=6, key=b, retired=True),
    ]
    alerts = told(verdicts, at(7), stage=stage)

    assert 1 == stage.evicted
    assert [(0, 1), (0, 1), (1, 2), (0, 1)] == [(x.revision, x.count) for x in alerts]
    assert not set(stage._of) & {(RULE.id, heard(1).id), (RULE.id, heard(2).id)}


# The whole river.


def test_every_event_22_counts_and_a_lookup_it_explains_adds_none() -> None:
    """
    Three events, two packets that they explain, one that none explains: three, and one.
    """
    items: list[Item] = [
        lookup(),
        asked("0.5", record_id=1),
        asked("0.6", record_id=2),
        lookup(2, port=50_001),
        asked(200, record_id=3),
        lookup(400),
        ended(500),
    ]
    last = {alert.id: alert for alert in river(items)}

    assert [("attributed", 3), ("unattributed", 1)] == [
        (alert.state, alert.count) for alert in last.values()
    ]
    assert [at(0), at(400)] == [alert.start for alert in last.values()]
    assert [at(200), at(400)] == [alert.end for alert in last.values()]


def test_a_process_found_out_by_its_flow_counts_its_lookups() -> None:
    """
    No event 22 does.
    """
    items: list[Item] = [lookup(n, port=50_000 + n) for n in range(0, 60, 20)]
    items += [queried(f"{n}.1", port=50_000 + n) for n in range(0, 60, 20)]
    alerts = river(sorted(items, key=lambda item: item.at))

    assert ("attributed", 3) == (alerts[-1].state, alerts[-1].count)


def test_an_event_before_the_last_packet_counts_once() -> None:
    """
    It and its lookup retire at different times, and it is one all the same.
    """
    alerts = river([lookup(0, 2), asked(1)])

    assert [(0, "attributed", 1)] == revisions(alerts)


def test_late_events_lead_from_waiting_to_the_process() -> None:
    """
    One alert all along: told as waiting after the hold, as unattributed when stale, then named.
    """
    items: list[Item] = [asked(-60, name="x.y"), lookup(), ended(1000, computer="b.x")]
    joining, judge, stage = attribution(), Judge([RULE], WATCH), Alerts(Settings())
    now = at(1000)
    alerts = list(stage(judge(joining(items, now), now), now))
    alerts += stage(judge(joining([asked("0.5"), started("-1")], now), now), now)

    assert ["awaiting_attribution", "unattributed", "attributed", "attributed"] == [
        alert.state for alert in alerts
    ]
    assert [at(15), at("910.02"), now, now] == [alert.created for alert in alerts]
    assert 1 == len({alert.id for alert in alerts})


def test_a_follow_on_after_the_alert_revises_it() -> None:
    """
    The connection comes later, and adds its points at once.
    """
    alerts = river([lookup(), asked(), connected(2)])

    assert [0, 1] == [alert.revision for alert in alerts]
    assert ("follow_on_connection", 8) in alerts[-1].reasons
    assert at(2) == alerts[-1].created


def test_an_event_1_that_unmasks_comes_late() -> None:
    """
    Exempt until then, a masquerade from then on.
    """
    items: list[Item] = [lookup(), asked(image=GENUINE)]
    unmasked = [*items, started(5, image=GENUINE, original="bot.exe")]

    assert [] == river(items)
    assert [(0, "masquerade", 1)] == revisions(river(unmasked))


def test_without_a_feed_a_configured_host_is_named() -> None:
    """
    By the configuration alone.
    """
    alert = river([lookup()], feed=False)[0]

    assert (HOST, Status.NO_FEED) == (alert.best.computer, alert.best.status)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_left_and_every_finding_counts_once(seed: int) -> None:
    """
    Hours after the last packet only the ids are remembered; the standing alerts together count
    each event 22 to blame and each lookup left unexplained exactly once, whatever moved between
    them, and revisions follow each other without a gap or an empty change.
    """
    joining, judge, stage = attribution(), Judge([RULE], WATCH), Alerts(Settings())
    now = at(900) + 9 * HOUR
    verdicts = list(judge(joining(traffic(random.Random(seed)), now), now))
    alerts = told(verdicts, now, stage=stage)

    kept = {"_ids", "_settings", "_deadlines"}
    state = {k: v for k, v in vars(stage).items() if k not in kept and not isinstance(v, int)}
    assert {} == {k: v for k, v in state.items() if v}
    assert END == stage.deadline()
    last: dict[str, Alert] = {}
    for alert in alerts:
        before = last.get(alert.id)
        assert alert.revision == (0 if before is None else before.revision + 1)
        if before is not None:
            assert before != msgspec.structs.replace(
                alert, revision=before.revision, created=before.created
            )
            assert before.created <= alert.created
        last[alert.id] = alert
    final = {verdict.id: verdict for verdict in verdicts}
    findings = [verdict for verdict in final.values() if verdict.is_finding]
    standing = [alert for alert in last.values() if alert.state != "retracted"]
    assert len(findings) == sum(alert.count for alert in standing)
    assert all(alert.start <= alert.end for alert in standing)
    shown = {event for alert in standing for event in alert.evidence}
    assert {v.event for v in findings if isinstance(v.event, Asked)} <= shown


def test_no_address_is_told_of_that_nobody_asked_for() -> None:
    """
    A lookup's answers stand in the alert's best finding.
    """
    alert = river([lookup(), asked()])[0]

    assert alert.best.lookup is not None
    assert {IP} == alert.best.lookup.addresses
