"""Times as logs write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint.times import read_time
from sensor.stage import LATEST, SECOND

NOON = 1_602_282_469 * SECOND  # 2020-10-09T22:27:49Z


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2020-10-09T22:27:49Z", NOON),
        ("2020-10-09 22:27:49", NOON),
        ("2020-10-09t22:27:49z", NOON),
        ("2020-10-09 22:27:49.175", NOON + 175_000_000),
        ("2022-05-13T08:54:05.1230000Z", 1_652_432_045_123_000_000),
        ("2020-10-09T22:27:49.123456789123Z", NOON + 123_456_789),
        ("2020-10-09T22:27:49.000000001Z", NOON + 1),
        ("2020-10-09T18:27:49-04:00", NOON),
        ("2020-10-10T03:57:49.5+0530", NOON + 500_000_000),
        ("2020-10-09 22:27:49.5 UTC", NOON + 500_000_000),
        (" 2020-10-09T22:27:48.9Z ", NOON - 100_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * SECOND),
        ("1601-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.9Z", 0),
        ("9999-12-31T23:59:59Z", LATEST),
    ],
)
def test_every_written_form_gives_exact_nanoseconds(written: str, expected: int) -> None:
    """
    No zone means UTC; digits past the nanosecond are cut; years end at 1970 and 2200.
    """
    assert expected == read_time(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-",
        "2020-02-30T00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2020-10-09T24:00:00Z",
        "2020-10-09T22:60:00Z",
        "2020-10-09T22:00:61Z",
        "2020-10-09T22:27:49+24:00",
        "0000-10-09T22:27:49Z",
        "12/20/2014 2:29 PM",
        "EV_RenderedValue_2.00",
        "1602282469",
        "2020-10-09",
        "٢020-10-09T22:27:49Z",
    ],
)
def test_what_is_no_time_is_refused(written: str) -> None:
    """
    Impossible days and hours, other forms, bare numbers and other digits than ASCII's are no times.
    """
    with pytest.raises(ValueError, match=r"."):
        read_time(written)


@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2199, 12, 31)),  # noqa: DTZ001
    minutes=st.integers(-14 * 60, 14 * 60),
)
@settings(max_examples=150, deadline=None)
def test_reading_agrees_with_the_standard_library(moment: datetime, minutes: int) -> None:
    """
    Whatever `datetime` writes with an offset is read to the same microsecond.
    """
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    whole = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert whole * 1000 == read_time(aware.isoformat())


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_raises_anything_else(written: str) -> None:
    """
    A text is a time within 1970…2200 or a ValueError.
    """
    try:
        at = read_time(written)
    except ValueError:
        return

    assert 0 <= at <= LATEST
