"""When an event 22 fits a lookup, and how well."""

import pytest

from sensor.attribution import fit
from sensor.attribution.values import Fit
from sensor.endpoint.hosts import Owner
from sensor.endpoint.processes import Process
from sensor.lookups import Lookup
from tests.attribution.wishes import HOST, IP, asked, at, connected, lookup

CONFIGURED = Owner(HOST, "config", None)


def weighed(
    wish: Lookup, owner: Owner | None = CONFIGURED, owners: int = 1, **event: object
) -> Fit:
    heard = asked(**event)  # type: ignore[arg-type]
    return fit.of_event(wish, heard, Process(HOST), owner, owners)


@pytest.mark.parametrize(
    ("delay", "status", "outcome", "fits"),
    [
        ("-2.000000001", 0, "answered", False),
        ("-2", 0, "answered", True),
        ("10", 0, "answered", True),
        ("10.000000001", 0, "answered", False),
        ("-2", 0, "response_only", True),
        ("10.000000001", 9003, "answered", False),
        ("10.000000001", None, "answered", False),
        ("-10.000000001", 1460, "answered", False),
        ("-10", 1460, "answered", True),
        ("30", 9002, "answered", True),
        ("30.000000001", 9002, "answered", False),
        ("-10.000000001", 0, "unanswered", False),
        ("-10", 0, "unanswered", True),
        ("30", 0, "unanswered", True),
        ("30.000000001", 0, "unanswered", False),
    ],
)
def test_the_window_includes_its_ends(
    delay: str, status: int | None, outcome: str, fits: bool
) -> None:
    """
    The window is −2…+10 s of the last packet; −10…+30 s where the resolver went on trying.
    """
    wish = lookup("-3", 0, outcome=outcome)
    event = asked(delay, status=status)

    assert fits == fit.fits_in_time(wish, event)


def test_the_window_counts_from_the_last_packet() -> None:
    """
    A lookup that is repeated for 12 s has its window after the last of its packets.
    """
    wish = lookup(0, 12)

    assert (at(10), at(22)) == fit.window(wish)
    assert not fit.fits_in_time(wish, asked("9.9"))


@pytest.mark.parametrize(
    ("outcome", "rcode", "closes"),
    [
        ("answered", "NOERROR", 10),
        ("answered", "NXDOMAIN", 10),
        ("answered", "SERVFAIL", 30),
        ("unanswered", None, 30),
    ],
)
def test_when_no_event_can_come_any_more(outcome: str, rcode: str | None, closes: int) -> None:
    """
    After a server failure the resolver goes on, and its event says 9002 up to 30 s later.
    """
    assert at(closes) == fit.closes(lookup(0, 0, outcome=outcome, rcode=rcode))


def test_what_an_event_reaches_holds_every_window() -> None:
    """
    A lookup outside an event's reach never fits it, whatever its status and outcome.
    """
    event = asked(100, status=1460)

    assert (at(70), at(110)) == fit.reach(event)


@pytest.mark.parametrize(
    ("name", "rooted", "qname", "named"),
    [
        ("api.telegram.org", False, "api.telegram.org", True),
        ("api.telegram.org", True, "api.telegram.org", True),
        ("wpad", False, "wpad.corp.example", True),
        ("wpad", True, "wpad.corp.example", False),
        ("wpad", False, "wpadx.corp.example", False),
        ("api.telegram.org", False, "api.telegram.org.corp.example", True),
        ("telegram.org", False, "api.telegram.org", False),
        ("a", False, r"a\.b.c", False),
    ],
)
def test_a_search_suffix_completes_a_name(name: str, rooted: bool, qname: str, named: bool) -> None:
    """
    What the program asked may be the start of what the wire shows, unless it ended in a dot.
    """
    assert named == fit.is_named(lookup(qname=qname), asked(name=name, rooted=rooted))


@pytest.mark.parametrize(
    ("wire", "rcode", "target", "results", "names", "status", "speaks"),
    [
        ((IP,), "NOERROR", None, (IP,), (), 0, "for"),
        ((IP, "149.154.166.111"), "NOERROR", None, (IP,), (), 0, "for"),
        ((IP,), "NOERROR", None, ("192.0.2.1",), (), 0, "against"),
        ((IP,), "NOERROR", None, ("2001:db8::1",), (), 0, "neither"),
        ((IP, "2001:db8::2"), "NOERROR", None, ("2001:db8::1",), (), 0, "against"),
        ((IP,), "NOERROR", None, (), (), 9003, "against"),
        ((), "NXDOMAIN", None, (), (), 9003, "for"),
        ((), "SERVFAIL", None, (), (), 9002, "for"),
        ((), "REFUSED", None, (), (), 9005, "for"),
        ((), "NXDOMAIN", None, (), (), 0, "neither"),
        ((), "NOERROR", "cdn.example", (), ("cdn.example",), 0, "for"),
        ((), "NOERROR", None, (IP,), (), 0, "neither"),
        ((IP,), "NOERROR", None, (), (), 0, "neither"),
    ],
)
def test_answers_speak_for_an_event_or_against_it(
    wire: tuple[str, ...],
    rcode: str,
    target: str | None,
    results: tuple[str, ...],
    names: tuple[str, ...],
    status: int,
    speaks: str,
) -> None:
    """
    One address in common agrees; two full hands of one family without one contradict; the same
    failure on both sides agrees.
    """
    wish = lookup(ips=wire, rcode=rcode, target=target)

    found = weighed(wish, results=results, names=names, status=status)

    said = "for" if "answers" in found.basis else "against" if found.against else "neither"
    assert speaks == said


def test_an_event_that_agrees_in_all_is_nearly_certain() -> None:
    """
    Fresh evidence of the address, the name, an answer and the time: 0.97, and all four are told.
    """
    found = weighed(lookup(), Owner(HOST, "sysmon3", at(60)))

    assert 0.97 == found.confidence
    assert ("host_identity", "qname", "answers", "time") == found.basis


def test_each_circumstance_lowers_the_confidence() -> None:
    """
    Old evidence, a wide delay, answers that say nothing or contradict, an address of two hosts:
    each weighs less than full agreement.
    """
    wish = lookup()
    best = weighed(wish).confidence
    worse = [
        weighed(wish, Owner(HOST, "sysmon3", at(-7200))).confidence,
        weighed(wish, when=8).confidence,
        weighed(wish, results=()).confidence,
        weighed(wish, results=("192.0.2.1",)).confidence,
        weighed(wish, owners=2).confidence,
    ]

    assert all(each < best for each in worse)


def test_an_address_of_two_hosts_speaks_against() -> None:
    """
    Where the address had two owners, the host is the very thing in doubt.
    """
    found = weighed(lookup(), owners=2)

    assert ("host_identity",) == found.against


def test_behind_a_resolver_the_host_is_no_basis() -> None:
    """
    A candidate behind a resolver is found by name and time alone.
    """
    found = weighed(lookup(), None, 0)

    assert ("qname", "answers", "time") == found.basis


def test_the_very_flow_beats_everything() -> None:
    """
    An event 3 with the lookup's flow is exact: `flow` is in its basis, at 0.99.
    """
    wish = lookup()
    found = fit.of_flow(wish, connected(0), Process(HOST))

    assert (0.99, ("host_identity", "time", "flow")) == (found.confidence, found.basis)


def test_the_best_fit_comes_first() -> None:
    """
    Fits sort by confidence, then by nearness in time.
    """
    wish = lookup()
    near = weighed(wish, when="0.1")
    far = weighed(wish, when="0.9")
    contradicted = weighed(wish, when="0.05", results=("192.0.2.1",))

    assert [near, far, contradicted] == sorted([contradicted, far, near], key=fit.by_merit)
