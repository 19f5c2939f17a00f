"""Finding out that a log's times are not UTC."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint import calibration as module
from sensor.endpoint.calibration import Calibration
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.interpret import interpret
from sensor.endpoint.record import Record
from sensor.stage import HOUR, MINUTE, SECOND

NOON = 1_602_244_800 * SECOND
EMPTY = {
    "QueryName": "a",
    "Protocol": "udp",
    "Initiated": "true",
    "SourceIp": "10.0.0.1",
    "SourcePort": "1",
    "DestinationIp": "10.0.0.2",
    "DestinationPort": "53",
}


def event(
    record_time: int, utc: str = "2020-10-09 12:00:00.000", event_id: int = 1, computer: str = "a"
) -> ProcessEvent:
    found = interpret(
        Record(
            event_id=event_id,
            computer=computer,
            time=record_time,
            data=EMPTY | {"UtcTime": utc},
        )
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("difference", "shift"),
    [
        (0, 0),
        (300_000_000, 0),
        (-(SECOND - 1), 0),
        (-4 * HOUR, -4 * HOUR),
        (-4 * HOUR - SECOND // 2, -4 * HOUR),
        (-19 * HOUR, -19 * HOUR),
        (5 * HOUR + 45 * MINUTE + 9 * SECOND, 5 * HOUR + 45 * MINUTE),
        (26 * HOUR, 26 * HOUR),
        (26 * HOUR + 15 * MINUTE, 0),
        (23 * MINUTE, 0),
        (-4 * HOUR + 11 * SECOND, 0),
        (11 * 24 * HOUR, 0),
    ],
)
def test_a_shift_is_a_whole_number_of_quarter_hours(difference: int, shift: int) -> None:
    """
    Within 10 s and 26 h; anything else is a clock that is wrong and says nothing.
    """
    calibration = Calibration()

    calibration.observe(event(NOON + difference))

    assert shift == calibration.shift("a", NOON)


@pytest.mark.parametrize(("event_id", "shift"), [(1, HOUR), (5, HOUR), (3, 0), (22, 0)])
def test_only_events_1_and_5_calibrate(event_id: int, shift: int) -> None:
    """
    The UtcTime of events 3 and 22 drifts, by days in real logs.
    """
    calibration = Calibration()

    calibration.observe(event(NOON + HOUR, event_id=event_id))

    assert shift == calibration.shift("a", NOON)


def test_each_computer_has_its_own_shift() -> None:
    """
    Hosts of one log sit in several zones.
    """
    calibration = Calibration()

    calibration.observe(event(NOON + HOUR, computer="a"))

    assert (HOUR, 0) == (calibration.shift("a", NOON), calibration.shift("b", NOON))


def test_a_shift_may_change_within_a_log() -> None:
    """
    The events nearest in record time decide, so summer time ends where it ends.
    """
    calibration = Calibration()
    for minute in range(10):
        calibration.observe(event(NOON + 2 * HOUR, f"2020-10-09 12:{minute:02}:00.000"))
        calibration.observe(
            event(NOON + 2 * HOUR + minute * MINUTE, f"2020-10-09 12:{minute:02}:00")
        )
        calibration.observe(
            event(NOON + 48 * HOUR + minute * MINUTE, f"2020-10-11 11:{minute:02}:00")
        )

    assert 2 * HOUR == calibration.shift("a", NOON + 2 * HOUR)
    assert 1 * HOUR == calibration.shift("a", NOON + 48 * HOUR)


def test_one_stray_event_does_not_outvote_its_neighbours() -> None:
    """
    Most of the nearest decide, not the nearest.
    """
    calibration = Calibration()
    calibration.observe(event(NOON, "2020-10-09 11:00:00"))
    for second in range(1, 5):
        calibration.observe(event(NOON + second * SECOND, f"2020-10-09 12:00:0{second}"))

    assert calibration.shift("a", NOON) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([-4, 0, 1]), st.sampled_from("abc")),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=150, deadline=None)
def test_the_order_of_events_changes_nothing(
    seen: list[tuple[int, int, str]], random: object
) -> None:
    """
    Even when more came than are kept, of observations and of computers, and after a pickle.
    """
    events = [
        event(NOON + minute * MINUTE + hours * HOUR, f"2020-10-09 12:0{minute}:00", computer=name)
        for minute, hours, name in seen
    ]
    shuffled = [*events, events[0]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    asked = [(name, NOON + minute * MINUTE) for name in "abc" for minute in range(6)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_OBSERVATIONS", 3)
        patch.setattr(module, "_MOST_COMPUTERS", 2)
        one, other = Calibration(), Calibration()
        for each in events:
            one.observe(each)
        for each in shuffled:
            other.observe(each)
            other = pickle.loads(pickle.dumps(other))  # noqa: S301  # our own state

        assert [one.shift(*item) for item in asked] == [other.shift(*item) for item in asked]
