"""Who is held to have asked: every status, in its order, and again when more comes to be known."""

import pickle
import random
from typing import Any

import pytest

from sensor.attribution import attribute, memory
from sensor.attribution.attribute import Attribution
from sensor.attribution.known import Known
from sensor.attribution.values import Attributed, Status
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.hosts import Configured
from sensor.lookups import Lookup
from sensor.stage import END, HOUR, MINUTE, SECOND
from sensor.watch import Match, Watch
from tests.attribution.wishes import (
    BOT,
    CLIENT,
    DNS_SERVER,
    GENUINE,
    HOST,
    IP,
    MATCH,
    NAME,
    OTHER_HOST,
    SERVER,
    SVCHOST,
    asked,
    at,
    attribution,
    connected,
    ended,
    guid,
    join,
    last_of,
    lookup,
    queried,
    started,
)

Item = Lookup | ProcessEvent


def statuses(items: list[Item], stage: Attribution | None = None) -> list[str]:
    """Every status told of the lookup at 0, in order, once each while it stays."""
    told = [t for t in join(items, END, stage) if t.lookup is not None and t.lookup.first == at(0)]
    said = [t.status.value for t in told]
    return [s for n, s in enumerate(said) if n == 0 or s != said[n - 1]]


def guids(told: Attributed) -> list[str | None]:
    return [fit.process.guid for fit in told.fits]


# Each status.


def test_without_a_feed_nothing_is_attributed() -> None:
    """
    no_feed comes before all: even a configured owner or resolver changes nothing.
    """
    assert ["no_feed"] == statuses([lookup()], attribution(feed=False, resolvers=(CLIENT,)))


def test_an_address_nobody_knows() -> None:
    """
    host_unknown: no evidence for the client's address, though other hosts' events fit in time.
    """
    assert ["host_unknown"] == statuses([lookup(), asked()], attribution(hosts=()))


def test_one_process_that_fits_is_attributed() -> None:
    """
    The event 22 of the address's owner, in the window, names the process.
    """
    told = last_of(join([lookup(), asked()]))

    assert (Status.ATTRIBUTED, [guid(1)]) == (told.status, guids(told))


def test_two_events_of_one_process_are_no_doubt() -> None:
    """
    A program that asks twice is still one program.
    """
    told = last_of(join([lookup(), asked("0.5"), asked("0.6", record_id=101)]))

    assert (Status.ATTRIBUTED, [guid(1), guid(1)]) == (told.status, guids(told))


def test_two_processes_that_fit_are_ambiguous_best_first() -> None:
    """
    All are candidates, the one whose answers agree before the other.
    """
    other = asked("0.1", process=2, results=("192.0.2.1",))
    told = last_of(join([lookup(), other, asked("0.9")]))

    assert (Status.AMBIGUOUS, [guid(1), guid(2)]) == (told.status, guids(told))


def test_an_address_of_two_hosts_is_ambiguous_even_where_one_process_fits() -> None:
    """
    The configuration names one owner and event 3 another: a conflict is shown, not guessed away.
    """
    items: list[Item] = [connected("-5", computer=OTHER_HOST, process=9), lookup(), asked()]
    told = last_of(join(items))

    assert (Status.AMBIGUOUS, [guid(1)]) == (told.status, guids(told))
    assert [HOST, OTHER_HOST] == [owner.computer for owner in told.owners]


def test_a_host_without_any_event_22_is_not_covered() -> None:
    """
    Its other events do not cover it, however late they are.
    """
    assert ["host_not_covered"] == statuses([lookup(), ended(60), ended(3000)])


def test_a_feed_that_has_passed_the_window_is_silent() -> None:
    """
    covered_but_silent needs an event of the host past the end of the window, to the nanosecond.
    """
    before = asked("-60", name="other.example")
    wish = lookup(0, 0)

    assert ["feed_behind", "feed_stale"] == statuses([before, wish, ended(10)])
    late = ended("10.000000001")
    assert ["feed_behind", "covered_but_silent"] == statuses([before, wish, late])


def test_any_event_of_the_host_takes_its_feed_further() -> None:
    """
    Another host's events do not.
    """
    before = asked("-60", name="other.example")

    assert ["feed_behind", "feed_stale"] == statuses(
        [before, lookup(), ended(60, computer=OTHER_HOST)]
    )


@pytest.mark.parametrize("stale", [15 * MINUTE, 20 * SECOND, 2 * HOUR])
def test_a_feed_that_stays_behind_is_stale(stale: int) -> None:
    """
    `stale` after the end of the window, not a nanosecond before.
    """
    wish = lookup(0, 0)
    stage = attribution(stale=stale)
    items: list[Item] = [asked("-60", name="other.example"), wish]
    due = at(10) + stale

    told = join(items, due - 1, stage)
    assert [Status.FEED_BEHIND] == [t.status for t in told]
    told = join([], due, stage)
    assert [(Status.FEED_STALE, due)] == [(t.status, t.at) for t in told]


def test_the_end_of_a_replay_makes_a_feed_stale_at_once() -> None:
    """
    At END what is held falls due at the last time seen.
    """
    told = join([asked("-60", name="other.example"), lookup(0, 0)])

    assert [(Status.FEED_STALE, at(0))] == [
        (t.status, t.at) for t in told if t.status is Status.FEED_STALE and not t.retired
    ]
    assert {at(0)} == {t.at for t in told if t.lookup is not None}


def test_a_stale_feed_that_comes_after_all_is_heard() -> None:
    """
    feed_behind, feed_stale, then covered_but_silent or the process: late evidence still counts.
    """
    before = asked("-60", name="other.example")
    stage = attribution()
    join([before, lookup()], at(1200), stage)

    silent = join([ended(60)], at(1200), stage)
    named = join([asked("0.5")], at(1200), stage)

    assert [Status.COVERED_BUT_SILENT] == [t.status for t in silent]
    assert [Status.ATTRIBUTED] == [t.status for t in named]


def test_after_half_an_hour_nothing_changes_what_was_said() -> None:
    """
    Each lookup is told for the last time, as `retired`, 30 min after its last packet.
    """
    stage = attribution()
    told = join([lookup(0, 0)], at(1800), stage)

    assert [False, True] == [t.retired for t in told]
    assert [Status.ENDPOINT_ONLY] == [t.status for t in join([asked("0.5")], at(1800), stage)]


def test_an_unanswered_lookup_waits_longer() -> None:
    """
    Its window ends 30 s after its last packet, so a feed at 20 s has not passed it.
    """
    items: list[Item] = [
        asked("-60", name="other.example"),
        lookup(0, 0, outcome="unanswered"),
        ended(20),
    ]

    assert ["feed_behind", "feed_stale"] == statuses(items)


# Behind a resolver.


def test_a_listed_resolver_is_not_blamed() -> None:
    """
    A client in `dns.resolvers` asks for others, also where the list has a network.
    """
    told = last_of(join([lookup(), asked()], stage=attribution(resolvers=("10.20.30.0/24",))))

    assert (Status.RESOLVER_VANTAGE, ()) == (told.status, told.fits)
    assert [guid(1)] == [fit.process.guid for fit in told.candidates]


def test_whoever_serves_the_name_asks_for_others() -> None:
    """
    The server of a lookup of the same name forwards it; what its clients' hosts asked are
    candidates, and their own lookups are attributed as ever.
    """
    forwarded = lookup("0.01", client=SERVER, server="192.0.2.53")
    told = join([lookup(), forwarded, asked()])

    up = last_of(told, "0.01")
    assert Status.RESOLVER_VANTAGE is up.status
    assert [HOST] == [fit.event.computer for fit in up.candidates]
    assert Status.ATTRIBUTED is last_of(told).status


def test_a_resolver_may_be_found_out_later() -> None:
    """
    The forwarded lookup comes first here; the client's own one shows what its sender is.
    """
    stage = attribution(hosts=(Configured("dc01.corp.example", (f"{SERVER}/32",)),))
    items: list[Item] = [lookup(client=SERVER, server="192.0.2.53"), lookup("0.5")]

    assert ["host_not_covered", "resolver_vantage"] == statuses(items, stage)


def test_serving_another_name_is_nothing() -> None:
    """
    The same name counts: a workstation that serves something else is blamed for what it asks.
    """
    watch = Watch([("r", "*")])
    items: list[Item] = [lookup("-1", client="10.1.1.1", server=CLIENT, qname="x.y"), lookup()]

    assert ["host_not_covered"] == statuses(items, attribution(watch=watch))


def test_an_event_3_of_dns_exe_shows_a_resolver() -> None:
    """
    Whenever it comes; for its source address, and for every address of its computer.
    """
    shown = queried(5, image=DNS_SERVER, source="10.20.99.1")

    assert ["host_not_covered", "resolver_vantage"] == statuses([lookup(), shown])


def test_an_event_3_of_dns_exe_with_loopback_makes_no_resolver_of_it() -> None:
    """
    Loopback is every host's: the computer is a resolver, the address is none.
    """
    shown = queried(5, image=DNS_SERVER, source="127.0.0.1", computer="dc01.corp.example")
    told = join([lookup(client="127.0.0.1"), shown])

    assert Status.HOST_UNKNOWN is last_of(told).status


def test_a_connection_from_outside_shows_nothing() -> None:
    """
    With Initiated false the source is the other side: neither owner, nor flow, nor resolver.
    """
    inbound = connected(
        1, image=DNS_SERVER, source=CLIENT, to_port=53, initiated=False, computer=OTHER_HOST
    )

    assert ["host_unknown"] == statuses([lookup(), inbound], attribution(hosts=()))


# The very flow.


def test_an_event_3_with_the_flow_is_exact() -> None:
    """
    A process that does its own DNS is named by its flow, without any event 22.
    """
    told = last_of(join([lookup(), queried("0.1", process=7)]))

    assert (Status.ATTRIBUTED, [guid(7)]) == (told.status, guids(told))


@pytest.mark.parametrize("image", [SVCHOST, SVCHOST.upper(), DNS_SERVER])
def test_a_service_that_sends_for_others_is_named_by_no_flow(image: str) -> None:
    """
    svchost.exe and dns.exe send what others asked.
    """
    told = last_of(join([lookup(), queried("0.1", image=image)]))

    assert () == told.fits


def test_the_flow_comes_before_the_resolver() -> None:
    """
    A process on a domain controller that resolves by itself did ask.
    """
    stage = attribution(resolvers=(CLIENT,))

    assert ["resolver_vantage", "attributed"] == statuses([lookup(), queried("0.1")], stage)


def test_the_flow_beats_an_event_22_of_another_process() -> None:
    """
    What another program asked meanwhile was answered from elsewhere.
    """
    told = join([lookup(), asked(process=2), queried("0.1")])

    assert (Status.ATTRIBUTED, [guid(1)]) == (last_of(told).status, guids(last_of(told)))
    assert [guid(2)] == [t.event.guid for t in told if t.event is not None and not t.retired]


def test_an_event_22_of_the_process_with_the_flow_is_of_the_same_lookup() -> None:
    """
    Both are told, and the flow is a basis of both.
    """
    told = last_of(join([lookup(), queried("0.1"), asked()]))

    assert [True, True] == ["flow" in fit.basis for fit in told.fits]
    assert Status.ATTRIBUTED is told.status


def test_a_port_used_again_later_takes_nothing_back() -> None:
    """
    Another process on the same flow, minutes later, is of another lookup.
    """
    told = last_of(join([lookup(), queried("0.1"), queried(100, process=2)]))

    assert (Status.ATTRIBUTED, [guid(1)]) == (told.status, guids(told))


# What comes late.


def test_whose_address_it_was_may_be_learned_later() -> None:
    """
    The connection that shows the address comes after the lookup and its event 22.
    """
    items: list[Item] = [lookup(), asked(), connected("0.7")]

    assert ["host_unknown", "attributed"] == statuses(items, attribution(hosts=()))


def test_old_evidence_is_renewed_by_an_event_after_the_lookup() -> None:
    """
    After a day without evidence the address is nobody's, until the next event says it again.
    """
    items: list[Item] = [connected(-90_000), lookup(), asked(), connected(2)]

    assert ["host_unknown", "attributed"] == statuses(items, attribution(hosts=()))


def test_the_first_event_22_of_a_host_covers_it() -> None:
    """
    It says something of what was asked before: host_not_covered ends.
    """
    items: list[Item] = [lookup(), ended(60), asked(61, name="other.example")]

    assert ["host_not_covered", "covered_but_silent"] == statuses(items)


def test_an_event_1_after_the_event_22_is_told() -> None:
    """
    What event 1 says of the process joins what was said of the lookup.
    """
    told = last_of(join([lookup(), asked(), started(2, parent=r"C:\WINWORD.EXE")]))

    assert r"C:\WINWORD.EXE" == told.fits[0].process.parent_image


def test_an_event_1_is_told_of_an_event_without_packet_too() -> None:
    """
    And the same event 1 again is no news.
    """
    first = started(2, parent=r"C:\WINWORD.EXE")
    told = join([asked(), first, first], at(60))

    assert [None, r"C:\WINWORD.EXE"] == [t.process and t.process.parent_image for t in told]


def test_a_lookup_that_grows_may_lose_its_event() -> None:
    """
    A late answer moves the window: the event before it fits no more, and stands by itself.
    """
    growing: list[Item] = [lookup(0, 0, outcome="unanswered"), asked("0.5"), lookup(0, 4, seen=4)]
    told = join(growing, at(5))

    assert [Status.HOST_NOT_COVERED, Status.ATTRIBUTED, Status.FEED_BEHIND] == [
        t.status for t in told if t.lookup is not None
    ]
    assert [Status.ENDPOINT_ONLY] == [t.status for t in told if t.event is not None]


def test_an_event_of_another_rules_name_is_told_by_itself() -> None:
    """
    A rule's own name was asked, and the packet that fits is watched by another rule only: both
    are told.
    """
    qname = f"{NAME}.corp.example"
    suffixed = lookup(qname=qname, matches=(Match("other", qname, "qname"),))
    watch = Watch([("first", NAME), ("other", qname)])
    told = join([suffixed, asked()], at(1), attribution(watch=watch))

    assert {Status.HOST_NOT_COVERED, Status.ATTRIBUTED, Status.ENDPOINT_ONLY} == {
        t.status for t in told
    }


# Two hosts, one address.


SWAP: list[Item] = [
    connected(-100, computer=HOST, process=90),
    connected(100, computer=OTHER_HOST, process=91),
]


def test_an_address_changes_hands_at_the_next_hosts_first_evidence() -> None:
    """
    Before it the lookups are the first host's, after it the second's.
    """
    items: list[Item] = [
        SWAP[0],
        lookup(),
        asked("0.5", computer=HOST),
        SWAP[1],
        lookup(200),
        asked("200.5", computer=OTHER_HOST, process=2),
    ]
    told = join(items, stage=attribution(hosts=()))

    assert [(Status.ATTRIBUTED, HOST), (Status.ATTRIBUTED, OTHER_HOST)] == [
        (last_of(told, first).status, last_of(told, first).fits[0].event.computer)
        for first in (0, 200)
    ]


def test_between_two_hosts_evidence_the_next_one_may_have_asked() -> None:
    """
    Only the next owner's event fits: whose address it was then is open, and the first host is not
    blamed for its silence.
    """
    items: list[Item] = [
        SWAP[0],
        asked(-90, computer=HOST, name="other.example"),
        lookup(),
        asked("0.5", computer=OTHER_HOST, process=2),
        ended(60, computer=HOST),
        SWAP[1],
    ]
    told = last_of(join(items, stage=attribution(hosts=())))

    assert (Status.AMBIGUOUS, [guid(2)]) == (told.status, guids(told))
    assert [HOST, OTHER_HOST] == [owner.computer for owner in told.owners]


# What follows.


def test_a_connection_to_an_answered_address_follows_on() -> None:
    """
    The nearest in time counts, whether its record comes before or after the event 22's.
    """
    items: list[Item] = [
        connected("0.25"),
        lookup(),
        asked(),
        connected(2),
        connected(3, to="192.0.2.1"),
    ]
    told = last_of(join(sorted(items, key=lambda item: item.at)))

    assert [(IP, 443, 230 * SECOND // 1000)] == [
        (f.ip, f.port, f.delay) for _, f in told.follow_ons
    ]


@pytest.mark.parametrize(("when", "follows"), [("300.02", 1), ("300.020000001", 0)])
def test_a_connection_follows_for_five_minutes(when: str, follows: int) -> None:
    """
    Counted from the last packet, to the nanosecond.
    """
    assert follows == len(last_of(join([lookup(), asked(), connected(when)])).follow_ons)


def test_an_earlier_connection_hides_none_that_follows() -> None:
    """
    One from before the lookup follows on nothing; minutes later the process connects again.
    """
    items: list[Item] = [connected(-60), lookup(), asked(), ended(60), connected(100)]
    told = last_of(join(items, at(100)))

    assert [at(100) - told.lookup.last] == [f.delay for _, f in told.follow_ons]  # type: ignore[union-attr]


def test_other_connections_push_nothing_out() -> None:
    """
    A busy program's connections elsewhere do not hide the one that followed.
    """
    busy = [connected(2 + n / 100, to=f"192.0.2.{n}") for n in range(100)]
    told = last_of(join([lookup(), asked(), connected(1), *busy, ended(120)]))

    assert [IP] == [follow_on.ip for _, follow_on in told.follow_ons]


def test_a_flow_is_followed_too() -> None:
    """
    A process with its own resolver that connects to what it resolved.
    """
    told = last_of(join([lookup(), queried("0.1"), connected(1)]))

    assert [IP] == [follow_on.ip for _, follow_on in told.follow_ons]


# Bounds.


def test_too_many_lookups_leave_as_they_were_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The oldest leaves early, counted, and what still comes of it is not told again.
    """
    monkeypatch.setattr(attribute, "MOST_CASES", 2)
    stage = attribution()
    told = join([lookup(n, port=50_000 + n) for n in range(3)], at(3), stage)

    assert 1 == stage.evicted
    assert [at(0)] == [t.lookup.first for t in told if t.retired and t.lookup is not None]
    assert [] == join([lookup(0, closed=True, seen=4)], at(4), stage)


def test_too_many_events_leave_with_their_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A lookup keeps the process it was attributed to.
    """
    monkeypatch.setattr(memory, "MOST_EVENTS", 2)
    stage = attribution()
    items: list[Item] = [lookup(), asked(), asked(1, name="x.y"), asked(2, name="x.y"), ended(60)]
    told = join(items, at(61), stage)

    last = last_of(told)
    assert (Status.ATTRIBUTED, True, 1) == (last.status, last.retired, stage.evicted)


@pytest.mark.parametrize("process", [1, None])
def test_a_flood_is_weighed_in_proportion(
    process: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A program that asks ten times a second, or as many programs once each: the work for an event
    does not grow with what is held of the same host and name.
    """
    weighed = 0
    attribute_one = Known.attribute

    def counting(self: Known, wish: Lookup, now: int, *, ended: bool) -> Attributed:
        nonlocal weighed
        weighed += 1
        return attribute_one(self, wish, now, ended=ended)

    monkeypatch.setattr(Known, "attribute", counting)
    items: list[Item] = []
    for n in range(1000):
        items.append(lookup(f"{n / 10}", port=n + 1))
        items.append(asked(f"{n / 10 + 0.05}", process=process or n, record_id=n))
    join(items)

    most = memory.MOST_OF_PROCESS if process else memory.MOST_FITS
    assert weighed < len(items) * 2 * most


def traffic(rng: random.Random) -> list[Item]:
    """Anything, from a few hosts and addresses that change hands, in order of time."""
    items: list[Item] = []
    computers = ["a.x", "b.x", "c", "dc.x"]
    addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", SERVER]
    names = [NAME, "api", "x.y", f"{NAME}.x"]
    for _ in range(120):
        when = f"{rng.random() * 900:.9f}"
        computer, client = rng.choice(computers), rng.choice(addresses)
        image, port = rng.choice([BOT, GENUINE, DNS_SERVER, SVCHOST]), rng.randrange(50_000, 50_004)
        process = rng.randrange(4)
        kind = rng.randrange(6)
        if kind == 0:
            outcome = rng.choice(["answered", "unanswered", "response_only"])
            server = rng.choice(addresses)
            wish = lookup(when, client=client, port=port, server=server, outcome=outcome)
            items.append(wish)
            items.append(
                lookup(
                    when,
                    float(when) + 12,
                    client=client,
                    port=port,
                    server=server,
                    seen=float(when) + 13,
                    closed=True,
                )
            )
        elif kind == 1:
            items.append(
                asked(
                    when,
                    computer=computer,
                    image=image,
                    process=process,
                    name=rng.choice(names),
                    status=rng.choice([0, 1460, 9003]),
                )
            )
        elif kind == 2:
            items.append(connected(when, computer=computer, process=process, source=client))
        elif kind == 3:
            items.append(
                queried(
                    when, computer=computer, image=image, process=process, source=client, port=port
                )
            )
        elif kind == 4:
            items.append(
                started(when, computer=computer, process=process, image=image, addresses=(client,))
            )
        else:
            items.append(ended(when, computer=computer))
    return sorted(items, key=lambda item: item.at)


def run(
    items: list[Item], cuts: set[int], stage: Attribution, *, freeze: bool = False
) -> list[Attributed]:
    told: list[Attributed] = []
    batch: list[Item] = []
    for number, item in enumerate(items):
        batch.append(item)
        if number in cuts:
            told += stage(batch, item.at)
            batch = []
            stage = pickle.loads(pickle.dumps(stage)) if freeze else stage  # noqa: S301
    return told + list(stage(batch, END))


@pytest.mark.parametrize("seed", range(20))
def test_any_batches_tell_the_same(seed: int) -> None:
    """
    Cut anywhere, freeze anywhere: the same lookups and events are told in the same words.
    """
    rng = random.Random(seed)
    items = traffic(rng)
    hosts = (Configured("c", ("10.0.0.3/32",)),)
    cuts = {n for n in range(len(items)) if rng.random() < 0.3}

    whole = run(items, set(), attribution(hosts=hosts))
    parts = run(items, cuts, attribution(hosts=hosts), freeze=True)

    assert whole == parts


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_left_once_all_has_retired(seed: int) -> None:
    """
    Long after the last packet every lookup and event is forgotten; what is known of hosts,
    processes and resolvers stays, within its bounds. Each lookup was retired once, and told of no
    more.
    """
    stage = attribution(hosts=(Configured("c", ("10.0.0.3/32",)),))
    items = traffic(random.Random(seed))
    told = join(items, at(900) + 3 * HOUR, stage)

    known = stage._known
    waiting = {"_waits", "_behind"}
    state: dict[str, Any] = {
        **vars(known.cases),
        **vars(known.events),
        **{name: value for name, value in vars(known.coverage).items() if name in waiting},
    }
    assert {} == {k: v for k, v in state.items() if not isinstance(v, int) and len(v)}
    assert END == stage.deadline()
    retired: set[object] = set()
    for each in told:
        identity = each.lookup.identity if each.lookup is not None else None
        assert identity is None or identity not in retired
        if each.retired and identity is not None:
            retired.add(identity)
    assert {i.identity for i in items if isinstance(i, Lookup)} == retired


def test_the_match_is_the_rules() -> None:
    """
    A lookup passes as it came: what the rule watches stands in its matches.
    """
    told = last_of(join([lookup()]))

    assert told.lookup is not None
    assert (MATCH,) == told.lookup.matches
