"""What attribution remembers, and how it finds it again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.attribution.memory import (
    ANYWHERE,
    MOST_FITS,
    MOST_OF_PROCESS,
    Cases,
    Events,
    asked_names,
    first_label,
)
from sensor.attribution.timeline import Timeline
from sensor.attribution.values import Attributed, Status
from sensor.endpoint.processes import process_key
from tests.attribution.wishes import (
    CLIENT,
    HOST,
    IP,
    NAME,
    OTHER_HOST,
    SERVER,
    asked,
    at,
    connected,
    lookup,
)


def test_a_name_may_have_been_asked_without_its_suffix() -> None:
    """
    Every start of a name that ends before a dot may be what the program asked.
    """
    assert ["wpad", "wpad.corp", "wpad.corp.example"] == list(asked_names("wpad.corp.example"))


def test_a_dot_within_a_label_parts_nothing() -> None:
    r"""
    In `a\.b.c` the first label is `a.b`; in `a\\.b` it is `a\`, for the backslash is escaped.
    """
    assert r"a\.b" == first_label(r"a\.b.c")
    assert r"a\\" == first_label(r"a\\.b")
    assert "." == first_label(".")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=30),
    st.integers(-5, 35),
    st.integers(-5, 35),
)
def test_a_timeline_finds_what_a_search_through_all_would(
    put: list[tuple[str, int]], earliest: int, latest: int
) -> None:
    """
    Between two moments, both included, in order of time; what was dropped is gone.
    """
    line: Timeline[str, int] = Timeline()
    for number, (key, when) in enumerate(put):
        line.put(key, when, number, number)
    for number, (key, when) in enumerate(put):
        if number % 3 == 0:
            line.drop(key, when, number)

    left = [(when, n) for n, (key, when) in enumerate(put) if n % 3 and key == "a"]
    expected = [n for when, n in sorted(left) if earliest <= when <= latest]
    assert expected == line.between("a", earliest, latest)
    assert sum(1 for n in range(len(put)) if n % 3) == len(line)


def test_the_nearest_lie_on_either_side() -> None:
    """
    No more than the wanted number come from before the moment and from after it.
    """
    line: Timeline[str, int] = Timeline()
    for when in range(10):
        line.put("a", when, when, when)

    assert [3, 4, 5, 6] == line.nearest("a", 5, (0, 9), 2)
    assert [4, 5] == line.nearest("a", 5, (4, 5), 2)
    assert [] == line.nearest("b", 5, (0, 9), 2)


def told(wish_first: int, *fits: object) -> Attributed:
    return Attributed(at(0), Status.FEED_BEHIND, Status.FEED_BEHIND, lookup(wish_first))


def test_a_lookup_is_found_by_the_events_of_its_host() -> None:
    """
    An event finds the lookups of its own computer in its window, and those of a resolver.
    """
    cases = Cases()
    for first, computers in [(0, [HOST]), (1, [OTHER_HOST]), (2, [ANYWHERE]), (300, [HOST])]:
        wish = lookup(first)
        cases.put(wish)
        cases.tell(told(first), wish, computers)

    found = {cases.lookups[identity].first for identity in cases.near(asked("2.5"))}
    assert {at(0), at(2)} == found


def test_a_lookup_that_grows_is_filed_anew() -> None:
    """
    Its last packet moves its window: an event before it fits no longer, a later one does.
    """
    cases = Cases()
    for last in ("0.02", 20):
        wish = lookup(0, last)
        cases.put(wish)
        cases.tell(told(0), wish, [HOST])

    assert [] == list(cases.near(asked("0.5")))
    assert [wish.identity] == list(cases.near(asked(21)))


def test_a_dropped_lookup_leaves_nothing() -> None:
    """
    Every index is empty once the last lookup has gone.
    """
    cases = Cases()
    wish = lookup()
    cases.put(wish)
    cases.tell(told(0), wish, [HOST, ANYWHERE])
    cases.drop(wish.identity)

    assert {} == {k: v for k, v in vars(cases).items() if not isinstance(v, int) and _size(v)}


def test_a_dropped_event_leaves_nothing() -> None:
    """
    Every index is empty once the last event has gone; a second drop does nothing.
    """
    events = Events()
    numbers = [
        events.put(asked()),
        events.put_flow(connected(0, to=SERVER, to_port=53)),
        events.put_connection(connected(1)),
    ]
    for number in (*numbers, *numbers):
        events.drop(number)

    assert {} == {k: v for k, v in vars(events).items() if not isinstance(v, int) and _size(v)}


def _size(value: object) -> int:
    return len(value)  # type: ignore[arg-type]


def test_a_server_is_who_answers_somebody_else() -> None:
    """
    An address that another client asks for this name is a server of it; one that asks itself is
    not.
    """
    cases = Cases()
    cases.put(lookup())
    cases.put(lookup(1, client="10.20.30.99", server="10.20.30.99"))

    assert cases.is_server(NAME, SERVER)
    assert not cases.is_server("other.example", SERVER)
    assert not cases.is_server(NAME, CLIENT)
    assert not cases.is_server(NAME, "10.20.30.99")


def test_one_process_crowds_out_no_other() -> None:
    """
    Of a program that asks without pause the nearest events are weighed, and the one of another
    program with them.
    """
    events = Events()
    for n in range(100):
        events.put(asked(f"{0.5 + n / 100}", record_id=n))
    other = asked(9, process=2, image=r"C:\other.exe")
    events.put(other)

    near = events.near(lookup(), HOST)

    assert other in near
    assert MOST_OF_PROCESS + 1 == len(near)
    assert at("0.57") == max(each.at for each in near if each != other)


def test_a_lookup_is_weighed_against_so_many_processes() -> None:
    """
    However many processes ask for the name in the window, the work for one lookup is bounded.
    """
    events = Events()
    for n in range(3 * MOST_FITS):
        events.put(asked(f"{0.5 + n / 100}", process=n))

    assert MOST_FITS == len(events.near(lookup(), HOST))


def test_connections_are_found_by_process_and_address() -> None:
    """
    The nearest to a moment are found, however many lie elsewhere or go to other addresses.
    """
    events = Events()
    for second in range(0, 100, 10):
        events.put_connection(connected(second))
        events.put_connection(connected(second, to="192.0.2.1"))
        events.put_connection(connected(second, process=2))

    found = events.connections(process_key(asked()), IP, at(42), (at(0), at(99)))

    assert [at(40), at(50)] == [each.at for each in found]
