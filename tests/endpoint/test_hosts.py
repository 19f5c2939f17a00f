"""Which computer held which address, from when to when, by what evidence."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint import hosts as identity
from sensor.endpoint.hosts import Configured, Hosts, News, Owner, speaks
from tests.attribution.wishes import CLIENT, at, connected, ended

DAY = 86_400


def knowing(*evidence: tuple[int, str], configured: tuple[Configured, ...] = ()) -> Hosts:
    hosts = Hosts(configured)
    for when, computer in evidence:
        hosts.learn(connected(when, computer=computer, source=CLIENT))
    return hosts


def owners(hosts: Hosts, when: int, address: str = CLIENT) -> list[str]:
    return [owner.computer for owner in hosts.owners(address, at(when))]


# The configuration.


def test_a_configured_address_or_network_is_its_computers() -> None:
    """
    IPv4 and IPv6, in any spelling, at any time; the name without case.
    """
    configured = (
        Configured("A.Corp.example", ("10.1.0.0/16", "2001:db8::/64")),
        Configured("b.corp.example", ("10.2.3.4/32",)),
    )
    hosts = Hosts(configured)

    assert ["a.corp.example"] == owners(hosts, 0, "10.1.255.255")
    assert ["a.corp.example"] == owners(hosts, 0, "2001:db8::5")
    assert ["b.corp.example"] == owners(hosts, 0, "10.2.3.4")
    assert [] == owners(hosts, 0, "10.2.3.5")
    assert [] == owners(hosts, 0, "2001:db8:0:1::5")


def test_two_configured_computers_are_a_conflict() -> None:
    """
    The narrower network does not win.
    """
    hosts = Hosts((Configured("a.x", ("10.0.0.0/8",)), Configured("b.x", ("10.1.1.1/32",))))

    assert ["a.x", "b.x"] == owners(hosts, 0, "10.1.1.1")


def test_a_name_without_a_dot_stands_for_any_computer_of_that_label() -> None:
    """
    By itself until one is met; two that fit are a conflict.
    """
    hosts = Hosts((Configured("fin-ws-0231", (f"{CLIENT}/32",)),))
    assert ["fin-ws-0231"] == owners(hosts, 0)

    news = hosts.learn(ended(0, computer="fin-ws-0231.corp.example"))
    assert News((), ("fin-ws-0231",)) == news
    assert ["fin-ws-0231.corp.example"] == owners(hosts, 0)

    news = hosts.learn(ended(1, computer="fin-ws-0231.lab.example"))
    assert News((), ("fin-ws-0231.corp.example",)) == news
    assert ["fin-ws-0231.corp.example", "fin-ws-0231.lab.example"] == owners(hosts, 0)
    assert News() == hosts.learn(ended(2, computer="fin-ws-02310.corp.example"))


def test_a_name_with_a_dot_stands_for_itself() -> None:
    """
    A computer of the same label in another domain is another.
    """
    hosts = Hosts((Configured("a.corp.example", (f"{CLIENT}/32",)),))
    news = hosts.learn(ended(0, computer="a.lab.example"))

    assert News() == news
    assert ["a.corp.example"] == owners(hosts, 0)


def test_evidence_that_contradicts_the_configuration_is_shown() -> None:
    """
    The configuration outweighs nothing: both may hold it. Where they agree it is the method.
    """
    configured = (Configured("a.x", (f"{CLIENT}/32",)),)

    assert ["a.x", "b.x"] == owners(knowing((0, "b.x"), configured=configured), 0)
    agreeing = knowing((0, "a.x"), configured=configured).owners(CLIENT, at(0))
    assert (Owner("a.x", "config", None),) == agreeing


# Evidence.


def test_only_an_initiated_connection_shows_its_source() -> None:
    """
    Where the other side began, the source is not this host.
    """
    hosts = Hosts()
    hosts.learn(connected(0, computer="a.x", initiated=False))

    assert [] == owners(hosts, 0)


def test_a_shipper_shows_the_addresses_of_its_own_host() -> None:
    """
    Each of them, by the method `feed`.
    """
    hosts = Hosts()
    hosts.learn(ended(0, computer="a.x", addresses=("10.0.0.1", "2001:db8::1")))

    assert (Owner("a.x", "feed", at(0)),) == hosts.owners("2001:db8::1", at(0))
    assert ("10.0.0.1", "2001:db8::1") == hosts.addresses("a.x")


@pytest.mark.parametrize(
    ("address", "says_something"),
    [
        ("10.0.0.1", True),
        ("100.64.0.1", True),
        ("8.8.8.8", True),
        ("2001:db8::1", True),
        ("fd00::1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("169.254.7.7", False),
        ("fe80::1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("224.0.0.251", False),
        ("ff02::fb", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_which_addresses_tell_hosts_apart(address: str, says_something: bool) -> None:
    """
    Loopback, link-local, multicast and unspecified are everybody's or nobody's.
    """
    assert says_something == speaks(address)


def test_evidence_holds_until_another_computers() -> None:
    """
    A's evidence, then B's: what lies before B's first is A's, from it on B's.
    """
    hosts = knowing((0, "a.x"), (100, "a.x"), (200, "b.x"))

    assert [["a.x"], ["a.x"], ["a.x"], ["b.x"], ["b.x"]] == [
        owners(hosts, when) for when in (0, 150, 199, 200, 5000)
    ]


def test_the_first_evidence_reaches_back() -> None:
    """
    The lookup comes before the connection that shows the address: for a day, to the nanosecond.
    """
    hosts = knowing((DAY, "a.x"))

    assert ["a.x"] == owners(hosts, 0)
    assert () == hosts.owners(CLIENT, at(0) - 1)


def test_evidence_reaches_a_day_forth() -> None:
    """
    After that the address may be anybody's.
    """
    hosts = knowing((0, "a.x"))

    assert ["a.x"] == owners(hosts, DAY)
    assert () == hosts.owners(CLIENT, at(DAY) + 1)


def test_the_nearest_evidence_is_told() -> None:
    """
    And fresh is what lies within the hour.
    """
    hosts = knowing((0, "a.x"), (100, "a.x"))
    observed = [hosts.owners(CLIENT, at(when))[0] for when in (-7200, 50, 7200)]

    assert [at(0), at(50), at(100)] == [owner.observed for owner in observed]
    assert [False, True, False] == [
        owner.is_fresh(at(when)) for owner, when in zip(observed, (-7200, 50, 7200), strict=True)
    ]


def test_evidence_that_alternates_is_a_conflict() -> None:
    """
    A, B and A again within the hour: two hosts, one address, and so for an hour on either side.
    """
    hosts = knowing((0, "a.x"), (600, "b.x"), (1200, "a.x"))

    assert [["a.x", "b.x"]] * 5 == [owners(hosts, w) for w in (-600, 0, 700, 1200, 1800)]
    assert ["a.x"] == owners(hosts, 1200 + 3601)


def test_a_lease_that_comes_back_after_hours_is_no_conflict() -> None:
    """
    A, then B, then A again a working day later: each in its turn.
    """
    hosts = knowing((0, "a.x"), (10_000, "b.x"), (20_000, "a.x"))

    assert [["a.x"], ["b.x"], ["a.x"]] == [owners(hosts, w) for w in (5000, 15_000, 25_000)]


def test_a_conflict_does_not_reach_into_days_long_past() -> None:
    """
    A has held the address for days before B shows up between two of its connections.
    """
    hosts = knowing((0, "a.x"), (5 * DAY, "a.x"), (5 * DAY + 60, "b.x"), (5 * DAY + 90, "a.x"))

    assert ["a.x"] == owners(hosts, 2 * DAY)
    assert ["a.x", "b.x"] == owners(hosts, 5 * DAY)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["a.x", "b.x"])), max_size=7).map(
        lambda found: list(dict(found).items())
    ),
    st.randoms(use_true_random=False),
)
def test_late_evidence_says_the_same(evidence: list[tuple[int, str]], rng: Random) -> None:
    """
    In whatever order evidence comes, the owners are those that the order of time would give.
    """
    minutes = [(60 * when, computer) for when, computer in evidence]
    mixed = minutes[:]
    rng.shuffle(mixed)
    in_order, as_came = knowing(*sorted(minutes)), knowing(*mixed)

    for when in range(-60, 43 * 60, 60):
        assert owners(in_order, when) == owners(as_came, when)


def test_the_heir_is_next_seen_with_the_address() -> None:
    """
    Between A's last evidence and B's first the address changed hands, nobody knows when.
    """
    hosts = knowing((0, "a.x"), (100, "a.x"), (200, "b.x"))
    heirs = [hosts.heir(CLIENT, at(when)) for when in (50, 100, 150, 200, 300)]

    assert [None, None, "b.x", None, None] == [heir and heir.computer for heir in heirs]


def test_an_heir_days_later_is_none() -> None:
    """
    Its evidence does not reach back that far.
    """
    assert None is knowing((0, "a.x"), (3 * DAY, "b.x")).heir(CLIENT, at(60))


# News.


def test_only_what_bears_on_the_owner_is_news() -> None:
    """
    The first evidence, another computer's, earlier evidence, and evidence after hours of none.
    """
    hosts = Hosts()
    evidence = [(100, "a.x"), (200, "a.x"), (300, "b.x"), (0, "a.x"), (400, "b.x"), (4001, "b.x")]

    assert [True, False, True, True, False, True] == [
        bool(hosts.learn(connected(when, computer=who)).addresses) for when, who in evidence
    ]


# Bounds.


def test_the_address_longest_without_news_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    And is counted.
    """
    monkeypatch.setattr(identity, "MOST_ADDRESSES", 2)
    hosts = Hosts()
    for when, last in enumerate((1, 2, 1, 3)):
        hosts.learn(connected(when, computer="a.x", source=f"10.0.0.{last}"))

    assert [1, 0, 1] == [len(owners(hosts, 0, f"10.0.0.{last}")) for last in (1, 2, 3)]
    assert 1 == hosts.evicted


def test_an_address_of_many_hosts_keeps_its_latest() -> None:
    """
    What lies before the evidence that is left is nobody's: it may have been any of those before.
    """
    computers = [f"h{n}.x" for n in range(50)]
    hosts = knowing(*((10_000 * n, computer) for n, computer in enumerate(computers)))

    assert ["h49.x"] == owners(hosts, 490_000)
    assert [] == owners(hosts, 335_000)
    assert ["h34.x"] == owners(hosts, 345_000)


def test_names_without_end_leave_a_short_name_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound no more names are learned; addresses still are.
    """
    monkeypatch.setattr(identity, "MOST_COMPUTERS", 1)
    hosts = Hosts((Configured("b", ("10.0.0.9/32",)),))
    hosts.learn(ended(0, computer="a.x"))
    hosts.learn(connected(0, computer="b.x"))

    assert ["b"] == owners(hosts, 0, "10.0.0.9")
    assert ["b.x"] == owners(hosts, 0)


def test_the_shown_addresses_are_those_last_held() -> None:
    """
    One that has gone to another computer is not shown any more; a bounded number is.
    """
    hosts = Hosts()
    for when, last in itertools.product(range(2), range(30)):
        hosts.learn(connected(when, computer="a.x", source=f"10.0.0.{last}"))
    hosts.learn(connected(60, computer="b.x", source="10.0.0.29"))

    shown = hosts.addresses("a.x")
    assert len(shown) < identity.MOST_SHOWN
    assert "10.0.0.29" not in shown
    assert () == hosts.addresses("nobody.x")
