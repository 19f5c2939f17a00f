"""How far each host's feed has come, and who waits for it."""

import pytest

from sensor.attribution import coverage as bounds
from sensor.attribution.coverage import Coverage
from sensor.endpoint.events import ProcessEvent
from sensor.lookups import Identity
from tests.attribution.wishes import HOST, OTHER_HOST, asked, at, ended


def wish(number: int) -> Identity:
    return "10.20.30.41", "api.telegram.org", "qname", number, 0


def waiting(*until: int) -> Coverage:
    coverage = Coverage()
    for number, seconds in enumerate(until):
        coverage.wait(wish(number), HOST, at(seconds))
    return coverage


def heard(coverage: Coverage, event: ProcessEvent) -> list[int]:
    return [identity[3] for identity in coverage.hear(event)]


def test_an_uncovered_host_keeps_all_waiting_until_its_first_event_22() -> None:
    """
    Then the status of every one may change, passed or not.
    """
    coverage = waiting(10, 20)

    assert [[], [0, 1]] == [heard(coverage, event) for event in (ended(15), asked(16))]


def test_a_covered_host_frees_those_it_has_passed() -> None:
    """
    Strictly passed; late events take nothing back.
    """
    coverage = waiting(10, 20, 30)
    coverage.hear(asked(0))

    assert [[], [0], [0, 1], [0, 1]] == [
        heard(coverage, event) for event in (ended(10), ended(20), ended(21), ended(5))
    ]
    assert coverage.has_passed(HOST, at(20))
    assert not coverage.has_passed(HOST, at(21))


def test_another_host_frees_nobody() -> None:
    """
    Each host's feed is its own.
    """
    coverage = waiting(10)

    assert [] == heard(coverage, asked(60, computer=OTHER_HOST))
    assert [False, True] == [coverage.is_covered(computer) for computer in (HOST, OTHER_HOST)]


def test_a_wait_may_be_changed_and_given_up() -> None:
    """
    Nothing is left of it.
    """
    coverage = waiting(10, 10)
    coverage.hear(asked(0))
    coverage.wait(wish(0), HOST, at(40))
    coverage.wait(wish(1), None, 0)

    assert [[], [0]] == [heard(coverage, event) for event in (ended(30), ended(50))]
    coverage.wait(wish(0), None, 0)
    assert (0, 0) == (len(coverage._waits), len(coverage._behind))


def test_the_host_longest_without_news_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Counted; it counts as never covered then.
    """
    monkeypatch.setattr(bounds, "MOST_COMPUTERS", 2)
    coverage = Coverage()
    for computer in ("a.x", "b.x", "a.x", "c.x"):
        coverage.hear(asked(0, computer=computer))

    assert [True, False, True] == [coverage.is_covered(c) for c in ("a.x", "b.x", "c.x")]
    assert 1 == coverage.evicted
