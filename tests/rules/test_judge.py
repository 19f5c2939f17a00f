"""What a rule says of a lookup and of an event 22."""

import random
from collections.abc import Iterable, Sized

import msgspec
import pytest

from sensor.attribution.attribute import Attribution
from sensor.attribution.values import Status
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.processes import UNKNOWN
from sensor.lookups import Lookup
from sensor.rules.judge import Judge
from sensor.rules.rule import Rule
from sensor.rules.verdict import Verdict
from sensor.stage import END, HOUR
from sensor.watch import Match, Watch
from tests.attribution.test_attribute import traffic
from tests.attribution.wishes import (
    BOT,
    CLIENT,
    CONFIGURED,
    GENUINE,
    HOST,
    IP,
    NAME,
    OTHER_HOST,
    RULE,
    SERVER,
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
ANYTHING = Match(RULE.id, NAME, "cname")


def judged(
    items: Iterable[Item],
    *,
    rule: Rule = RULE,
    stage: Attribution | None = None,
    now: int = END,
) -> dict[str, Verdict]:
    """The last verdict of each lookup (`wire` and its second) and event (`event` and its id)."""
    joining = stage or attribution()
    judge = Judge([rule], WATCH)
    found: dict[str, Verdict] = {}
    for verdict in judge(joining(items, now), now):
        wire = verdict.event is None and verdict.lookup is not None
        of = verdict.lookup.first - at(0) if wire and verdict.lookup else 0
        number = of // 1_000_000_000 if wire else verdict.event and verdict.event.record_id
        found[f"{'wire' if wire else 'event'} {number}"] = verdict
    return found


def findings(items: Iterable[Item], **more: object) -> dict[str, str]:
    """The status of each finding."""
    found = judged(items, **more)  # type: ignore[arg-type]
    return {name: v.status.value for name, v in found.items() if v.is_finding}


def test_an_event_22_is_a_finding_with_a_packet_or_without() -> None:
    """
    attributed where a lookup fits, which then is none by itself; endpoint_only where none does.
    """
    assert {"event 100": "attributed"} == findings([lookup(), asked()])
    assert {"event 100": "endpoint_only"} == findings([asked()])


def test_a_lookup_that_no_event_explains_is_a_finding() -> None:
    """
    Whatever its status.
    """
    assert {"wire 0": "host_not_covered"} == findings([lookup()])


def test_an_exempt_process_event_explains_its_lookup() -> None:
    """
    Neither is a finding; the lookup is told as exempt, with its process.
    """
    found = judged([lookup(), asked(image=GENUINE)])

    assert {} == findings([lookup(), asked(image=GENUINE)])
    assert (True, guid(1)) == (found["wire 0"].is_exempt, found["wire 0"].process.guid)  # type: ignore[union-attr]


def test_one_exempt_event_explains_one_lookup() -> None:
    """
    A second lookup that it fits as well is a finding whose asker stays open.
    """
    items: list[Item] = [lookup(), asked(image=GENUINE), lookup(1), ended(60)]

    assert {"wire 1": "covered_but_silent"} == findings(sorted(items, key=lambda i: i.at))
    assert judged(items)["wire 1"].process is None


def test_an_event_of_a_process_to_blame_explains_any_number() -> None:
    """
    It is told once, and the lookups it fits add nothing.
    """
    assert {"event 100": "attributed"} == findings([lookup(), lookup(1), asked("1.5")])


def test_where_an_exempt_and_another_process_fit_the_other_is_blamed() -> None:
    """
    The exempt process is listed as a candidate and shares the confidence.
    """
    items: list[Item] = [lookup(), asked(), asked("0.6", image=GENUINE, process=2, record_id=101)]
    found = judged(items)["event 100"]

    assert {"event 100": "attributed"} == findings(items)
    assert {guid(1), guid(2)} == {c.process and c.process.guid for c in found.candidates}
    assert found.confidence < 0.6


def test_the_exempt_event_is_not_spent_on_a_lookup_with_somebody_to_blame() -> None:
    """
    Both of the first two lookups are the other process'; it is left for the one that only it fits.
    """
    bot = asked("-0.5", record_id=2)
    genuine = asked("2.5", image=GENUINE, process=2, record_id=1)
    items: list[Item] = [bot, lookup(), lookup(1), genuine, lookup(4), ended(60)]

    assert {"event 2": "attributed"} == findings(items)


@pytest.mark.parametrize(
    ("start", "image", "state"),
    [
        (started(-5, image=GENUINE, original="Telegram.exe"), GENUINE, "exempt"),
        (started(-5, image=GENUINE, original="powershell.exe"), GENUINE, "masquerade"),
        (started(-5, image=GENUINE, company="Evil Corp"), GENUINE, "masquerade"),
        (started(-5, image=GENUINE), r"C:\Windows\Temp\Telegram.exe", "masquerade"),
        (started(-5, image=GENUINE, original="Telegram.exe"), UNKNOWN, "finding"),
        (started(-5, image=BOT, original="powershell.exe"), BOT, "finding"),
    ],
)
def test_a_name_alone_is_no_proof(start: ProcessEvent, image: str, state: str) -> None:
    """
    What event 1 says, or an odd path, makes a masquerade of an exempt name. An unknown process is
    never exempt, even where event 1 names it.
    """
    found = judged([start, lookup(), asked(image=image)])["event 100"]

    said = "exempt" if found.is_exempt else "masquerade" if found.masquerade else "finding"
    assert state == said
    assert found.is_finding != found.is_exempt


def test_a_masquerade_without_packet_is_one_too() -> None:
    """
    And an event 1 that comes later makes it one.
    """
    found = judged([asked(image=GENUINE), started(1, image=GENUINE, original="bot.exe")])

    assert (True, True) == (found["event 100"].is_finding, found["event 100"].masquerade)


def test_a_masquerade_is_itemised() -> None:
    """
    Its points stand among the reasons.
    """
    found = judged([lookup(), asked(image=r"C:\Temp\telegram.exe")])["event 100"]

    assert ("base", "masquerade", "unusual_path") == tuple(code for code, _ in found.reasons)


def test_a_strict_rule_wants_proof() -> None:
    """
    Without event 1 the exempt name is a finding, though no masquerade; with it, it is none.
    """
    strict = msgspec.structs.replace(RULE, strict=True)
    items: list[Item] = [lookup(), asked(image=GENUINE)]
    proof = started(-5, image=GENUINE, company="Telegram FZ-LLC")
    bare = judged(items, rule=strict)["event 100"]

    assert (True, False) == (bare.is_finding, bare.masquerade)
    assert {} == findings([proof, *items], rule=strict)


def test_the_unknown_process_is_named_by_event_1() -> None:
    """
    The evidence keeps the event's own image.
    """
    found = judged([started(-5), lookup(), asked(image=UNKNOWN)])["event 100"]

    assert (BOT, UNKNOWN) == (found.process and found.process.image, found.evidence[0].image)


def test_an_unwatched_name_is_told_while_a_lookup_fits_it() -> None:
    """
    The answer led to the watched name, or a search suffix did.
    """
    by_answer = lookup(qname="innocent.example", matches=(ANYTHING,), target=NAME)
    by_suffix = lookup()

    assert {"event 100": "attributed"} == findings([by_answer, asked(name="innocent.example")])
    assert {"event 100": "attributed"} == findings([by_suffix, asked(name="api")])
    assert {} == findings([asked(name="api")])


def test_an_unwatched_name_is_told_no_more_when_its_lookup_has_grown_out_of_reach() -> None:
    """
    The finding is taken back, and the lookup is one by itself.
    """
    early = lookup(0, 0, outcome="unanswered")
    late = lookup(0, 4, seen=4)

    assert {"wire 0": "feed_behind"} == findings([early, asked(name="api"), late], now=at(5))


def test_a_watched_name_that_loses_its_lookup_stands_by_itself() -> None:
    """
    attributed turns to endpoint_only.
    """
    early = lookup(0, 0, outcome="unanswered")
    late = lookup(0, 4, seen=4)

    found = findings([early, asked(), late], now=at(5))
    assert {"event 100": "endpoint_only", "wire 0": "feed_behind"} == found


def test_a_process_with_its_own_resolver_is_a_finding_on_the_wire() -> None:
    """
    Its flow names it; no event 22 counts it, so the lookup does.
    """
    found = judged([lookup(), queried("0.1"), connected(1)])["wire 0"]

    assert (True, Status.ATTRIBUTED, guid(1)) == (
        found.is_finding,
        found.status,
        found.process and found.process.guid,
    )
    assert "follow_on_connection" in [code for code, _ in found.reasons]


def test_an_exempt_process_with_its_own_resolver_is_none() -> None:
    """
    The very flow always explains its lookup.
    """
    assert {} == findings([lookup(), queried("0.1", image=GENUINE)])


def test_an_event_22_beside_its_flow_counts_alone() -> None:
    """
    The lookup adds nothing to the event 22 of the same process.
    """
    assert {"event 100": "attributed"} == findings([lookup(), queried("0.1"), asked()])


def test_behind_a_resolver_nobody_is_named() -> None:
    """
    Neither host nor process; the key is the client's address, and the candidates are listed.
    """
    items: list[Item] = [lookup(client=SERVER, server="192.0.2.53"), asked()]
    found = judged(items, stage=attribution(resolvers=(SERVER,)))

    wire = found["wire 0"]
    assert (None, None, (RULE.id, "client", SERVER)) == (wire.computer, wire.process, wire.key)
    assert [guid(1)] == [c.process and c.process.guid for c in wire.candidates]
    assert Status.ENDPOINT_ONLY is found["event 100"].status


def test_the_key_is_the_process_else_the_computer_else_the_client() -> None:
    """
    A computer only where there is no doubt about it.
    """
    doubt = connected("-5", computer=OTHER_HOST, process=9)

    assert (RULE.id, "process", HOST, guid(1), 0, "") == judged([asked()])["event 100"].key
    assert (RULE.id, "computer", HOST) == judged([lookup()])["wire 0"].key
    assert (RULE.id, "client", CLIENT) == judged([doubt, lookup()])["wire 0"].key


def test_a_process_without_guid_is_its_pid_and_image() -> None:
    """
    On its computer, the image without case.
    """
    found = judged([asked(process=None, image=BOT.upper())])["event 100"]

    assert (RULE.id, "process", HOST, "", 7312, BOT.lower()) == found.key


def test_an_address_of_two_hosts_lists_both() -> None:
    """
    The one whose event fits with its process, the other without; neither is sure.
    """
    doubt = connected("-5", computer=OTHER_HOST, process=9)
    found = judged([doubt, lookup(), asked()])

    candidates = [(c.computer, c.process is not None) for c in found["event 100"].candidates]
    assert [(HOST, True), (OTHER_HOST, False)] == candidates
    assert found["event 100"].confidence <= 0.5
    assert Status.AMBIGUOUS is found["wire 0"].status


def test_the_evidence_of_identity_is_the_named_hosts() -> None:
    """
    Not another owner's of the same address.
    """
    doubt = connected("-5", computer="a.x", process=9)
    found = judged([doubt, lookup(), queried("0.1")])["wire 0"]

    assert HOST == (found.owner and found.owner.computer)


def test_an_event_without_packet_tells_the_hosts_addresses() -> None:
    """
    Those it was last seen with.
    """
    found = judged([connected("-5", source="10.9.9.9", to=IP), asked()])["event 100"]

    assert ("10.9.9.9",) == found.addresses


def test_each_rule_judges_for_itself() -> None:
    """
    An event of one rule's name whose packet another rule watches is a finding of both.
    """
    qname = f"{NAME}.corp.example"
    second = Rule(id="second", names=(qname,))
    watch = Watch([(RULE.id, NAME), (second.id, qname)])
    items: list[Item] = [lookup(qname=qname, matches=(Match("second", qname, "qname"),)), asked()]
    judge = Judge([RULE, second], watch)

    last = {v.rule: v for v in judge(attribution(watch=watch)(items, END), END) if v.event}
    assert {RULE.id: Status.ENDPOINT_ONLY, "second": Status.ATTRIBUTED} == {
        rule: verdict.status for rule, verdict in last.items()
    }


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_left_once_all_has_retired(seed: int) -> None:
    """
    Whatever came, in the end every lookup and event is forgotten, each having retired once.
    """
    judge = Judge([RULE], WATCH)
    stage = attribution(hosts=CONFIGURED)
    now = at(900) + 3 * HOUR
    verdicts = list(judge(stage(traffic(random.Random(seed)), now), now))

    state: list[Sized] = [judge._lookups, judge._alone, judge._borrowed]
    state += list(vars(judge._exemptions[RULE.id]).values())
    state += list(vars(judge._fitted[RULE.id]).values())
    assert [0] * len(state) == [len(held) for held in state]
    retired: set[object] = set()
    for verdict in verdicts:
        assert verdict.id not in retired
        if verdict.retired:
            retired.add(verdict.id)
    assert {v.id for v in verdicts if v.is_finding} <= retired | {
        v.id for v in verdicts if not v.is_finding
    }
