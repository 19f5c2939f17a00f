"""Deadlines: each key falls due once, in order of time."""

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.deadlines import SLACK, Deadlines
from sensor.stage import END


def test_keys_fall_due_in_order_of_time() -> None:
    """
    What is due by now leaves, the earliest first; the rest stays.
    """
    deadlines: Deadlines[str] = Deadlines()
    for key, at in (("c", 30), ("a", 10), ("b", 20)):
        deadlines.set(key, at)

    due = list(deadlines.due(20))

    assert [(10, "a"), (20, "b")] == due
    assert deadlines.next() == 30


def test_equal_times_leave_as_they_were_set() -> None:
    """
    Among equal times the one set first leaves first, whatever the keys are.
    """
    deadlines: Deadlines[object] = Deadlines()
    for key in ("z", 1, "a", (2,)):
        deadlines.set(key, 5)

    assert [(5, "z"), (5, 1), (5, "a"), (5, (2,))] == list(deadlines.due(5))


def test_a_key_set_anew_has_one_deadline() -> None:
    """
    The last one set counts, be it earlier or later.
    """
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 10)
    deadlines.set("a", 30)
    deadlines.set("b", 40)
    deadlines.set("b", 20)

    assert [(20, "b"), (30, "a")] == list(deadlines.due(100))
    assert deadlines.next() == END


def test_a_dropped_key_never_falls_due() -> None:
    """
    A key dropped, or never set, is not handed out; one set again after that is.
    """
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 10)
    deadlines.drop("a")
    deadlines.drop("b")
    assert deadlines.next() == END
    deadlines.set("a", 10)

    assert [(10, "a")] == list(deadlines.due(10))


def test_end_lets_everything_go() -> None:
    """
    A deadline of END is never due, but at the end all are.
    """
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("never", END)
    deadlines.set("late", END - 1)
    assert [] == list(deadlines.due(END - 2))

    assert [(END - 1, "late"), (END, "never")] == list(deadlines.due(END))


def test_a_deadline_set_meanwhile_is_handed_out_too() -> None:
    """
    What handling one key sets for another by the same now leaves in the same round.
    """
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 10)
    deadlines.set("c", 30)
    handed = []
    for _, key in deadlines.due(30):
        handed.append(key)
        if key == "a":
            deadlines.set("b", 20)

    assert ["a", "b", "c"] == handed


def test_moved_deadlines_take_no_room() -> None:
    """
    A key whose deadline moves a hundred thousand times leaves no more than a few entries.
    """
    deadlines: Deadlines[str] = Deadlines()
    for at in range(100_000):
        deadlines.set("a", at)

    assert len(deadlines._heap) <= 2 + SLACK + 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.integers(0, 5), st.integers(0, 40)),
            st.tuples(st.just("drop"), st.integers(0, 5), st.just(0)),
            st.tuples(st.just("due"), st.just(0), st.integers(0, 40)),
            st.tuples(st.just("freeze"), st.just(0), st.just(0)),
        ),
        max_size=120,
    )
)
def test_it_is_a_sorted_dict(steps: list[tuple[str, int, int]]) -> None:
    """
    It hands out what a plain dict, sorted by time and then by when it was set, would.
    """
    deadlines: Deadlines[int] = Deadlines()
    model: dict[int, int] = {}
    for what, key, at in steps:
        if what == "set":
            if model.get(key) != at:
                model.pop(key, None)
            model[key] = at
            deadlines.set(key, at)
        elif what == "drop":
            model.pop(key, None)
            deadlines.drop(key)
        elif what == "freeze":
            deadlines = pickle.loads(pickle.dumps(deadlines))  # noqa: S301
        else:
            expected = sorted((t, k) for k, t in model.items() if t <= at)
            expected.sort(key=lambda item: (item[0], list(model).index(item[1])))
            model = {k: t for k, t in model.items() if t > at}
            assert expected == list(deadlines.due(at))
        assert min(model.values(), default=END) == deadlines.next()
