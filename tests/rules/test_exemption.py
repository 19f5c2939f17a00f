"""One exempt event, one lookup."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint.events import Asked
from sensor.lookups import Identity
from sensor.rules.exemption import Exemption
from tests.attribution.wishes import asked


def event(number: int) -> Asked:
    return asked(number, record_id=number)


def wish(number: int) -> Identity:
    return "10.20.30.41", "api.telegram.org", "qname", number, 0


def explained(exemption: Exemption, count: int) -> list[bool]:
    return [exemption.is_explained(wish(n)) for n in range(count)]


def test_one_event_explains_one_lookup() -> None:
    """
    The second lookup that it fits as well stays open.
    """
    exemption = Exemption()
    exemption.offer(wish(0), (event(0),))
    exemption.offer(wish(1), (event(0),))

    assert [True, False] == explained(exemption, 2)


def test_a_lookup_moves_to_another_event_for_the_sake_of_one_more() -> None:
    """
    The first lookup took the only event that the second one has; it gives it up for its other.
    """
    exemption = Exemption()
    exemption.offer(wish(0), (event(0), event(1)))
    exemption.offer(wish(1), (event(0),))

    assert [True, True] == explained(exemption, 2)


def test_a_late_event_explains_a_lookup_that_it_does_not_fit() -> None:
    """
    It takes over another lookup, whose event is free then; who profits is said.
    """
    exemption = Exemption()
    exemption.offer(wish(0), (event(0),))
    exemption.offer(wish(1), (event(0),))
    profits = exemption.offer(wish(0), (event(0), event(1)))

    assert [wish(1)] == profits
    assert [True, True] == explained(exemption, 2)


def test_a_lookup_that_needs_none_frees_its_event() -> None:
    """
    An event of a process to blame fits it too, so the exempt one explains the other lookup.
    """
    exemption = Exemption()
    exemption.offer(wish(0), (event(0),))
    exemption.offer(wish(1), (event(0),))
    profits = exemption.offer(wish(0), ())

    assert [wish(1)] == profits
    assert [False, True] == explained(exemption, 2)


def test_what_a_retired_lookup_has_spent_stays_spent() -> None:
    """
    Its event explains no other lookup, however much later that one is offered it again.
    """
    exemption = Exemption()
    exemption.offer(wish(0), (event(0),))
    exemption.forget_lookup(wish(0))
    exemption.offer(wish(1), (event(0),))

    assert [True, False] == explained(exemption, 2)


def test_a_long_chain_is_no_recursion() -> None:
    """
    Thousands of lookups, each between two events: the first event's loss moves none too deep.
    """
    exemption = Exemption()
    for n in range(5000):
        exemption.offer(wish(n), (event(n), event(n + 1)))
    exemption.offer(wish(5000), (event(0),))

    assert all(explained(exemption, 5000))


def test_nothing_is_left() -> None:
    """
    Once lookups and events are forgotten the matching is empty.
    """
    exemption = Exemption()
    for n in range(4):
        exemption.offer(wish(n), (event(0), event(1 + n // 2)))
    for n in range(4):
        exemption.forget_lookup(wish(n))
    for n in range(3):
        exemption.forget_event(event(n))

    assert [0, 0, 0, 0] == [len(held) for held in vars(exemption).values()]


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.lists(st.integers(0, 5), max_size=3, unique=True)),
        max_size=25,
    )
)
def test_the_matching_is_as_large_as_can_be(offers: list[tuple[int, list[int]]]) -> None:
    """
    After any offers, taken back and changed at will, as many lookups are explained as a search
    through all matchings finds; and each that came to be explained was said.
    """
    exemption = Exemption()
    choices: dict[int, list[int]] = {}
    known: set[int] = set()
    for lookup, events in offers:
        profits = exemption.offer(wish(lookup), tuple(event(e) for e in events))
        choices[lookup] = events
        now = {n for n in range(6) if exemption.is_explained(wish(n))}
        assert {n for n in now - known if n != lookup} == {identity[3] for identity in profits}
        assert known - now <= {lookup}
        known = now

        assert _largest(list(choices.values()), frozenset()) == len(now)


def _largest(left: list[list[int]], spent: frozenset[int]) -> int:
    if not left:
        return 0
    without = _largest(left[1:], spent)
    return max([without, *(1 + _largest(left[1:], spent | {e}) for e in left[0] if e not in spent)])
