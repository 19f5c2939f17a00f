"""Forms: durations, addresses, ports and names as they are written."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.forms import (
    LONGEST_DURATION,
    UNITS,
    computer,
    duration,
    listen,
    network,
    port,
    prose,
    spell,
    text,
)
from sensor.stage import END, LATEST

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates()
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("500ms", 500_000_000),
        ("15s", 15_000_000_000),
        ("5m", 300_000_000_000),
        ("1h", 3_600_000_000_000),
        ("2d", 172_800_000_000_000),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_number_and_its_unit(written: str, expected: int) -> None:
    """
    Durations become nanoseconds.
    """
    assert expected == duration(written)


@pytest.mark.parametrize("written", ["15", "s", "1.5s", "-1s", "1 s", "1S", "1w", "", "15s\n", 15])
def test_anything_else_is_no_duration(written: object) -> None:
    """
    A number without unit, a fraction, a sign or a space is refused.
    """
    with pytest.raises(ValueError, match="expected a duration such as"):
        duration(written)


def test_a_number_without_unit_is_offered_seconds() -> None:
    """
    The commonest slip gets its remedy.
    """
    with pytest.raises(ValueError, match="did you mean 15s"):
        duration(15)


def test_the_longest_duration_keeps_every_deadline_below_the_end() -> None:
    """
    The latest time and the longest duration together are no END.
    """
    assert LATEST + LONGEST_DURATION < END
    with pytest.raises(ValueError, match="expected at most 366d"):
        duration("367d")


@given(st.integers(0, 3650), st.sampled_from(sorted(UNITS)))
@settings(max_examples=100, deadline=None)
def test_a_duration_is_spelt_so_that_it_reads_back(number: int, unit: str) -> None:
    """
    `spell` and `duration` are inverse to each other.
    """
    length = min(number * UNITS[unit], LONGEST_DURATION)

    assert length == duration(spell(length))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("10.20.30.41", "10.20.30.41"),
        ("10.20.30.41/32", "10.20.30.41"),
        ("10.20.31.0/28", "10.20.31.0/28"),
        ("10.20.31.0/255.255.255.240", "10.20.31.0/28"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_network_is_brought_to_one_spelling(written: str, expected: str) -> None:
    """
    Every spelling of an address or network becomes the canonical one.
    """
    assert expected == network(written)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("10.20.31.5/28", 'did you mean "10.20.31.0/28" or "10.20.31.5"'),
        ("10.0.0.256", "expected an address or a network"),
        ("fe80::1%eth0", "expected an address without zone"),
        ("", "expected one line of text"),
        (10, "put it in quotes"),
    ],
)
def test_what_is_no_network_is_told_so(written: object, what: str) -> None:
    """
    Octets out of range, host bits and zones are refused, with the remedy where there is one.
    """
    with pytest.raises(ValueError, match=what):
        network(written)


@given(st.ip_addresses())
@settings(max_examples=100, deadline=None)
def test_every_address_reads(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """
    What ipaddress writes is an address here, and its own fixed point.
    """
    once = network(str(address).partition("%")[0])

    assert once == network(once)


@pytest.mark.parametrize("written", [0, 65536, -1, "53", True, 53.0, None])
def test_what_is_no_port_is_refused(written: object) -> None:
    """
    A port is a whole number from 1 to 65535.
    """
    with pytest.raises(ValueError, match="expected a port, 1 to 65535"):
        port(written)


@pytest.mark.parametrize("written", ["127.0.0.1:9477", "[::1]:9477", "localhost:1"])
def test_an_address_and_port_to_listen_on(written: str) -> None:
    """
    IPv4, bracketed IPv6 and names are addresses to listen on.
    """
    assert written == listen(written)


@pytest.mark.parametrize("written", ["127.0.0.1", "::1:9477", ":9477", "a:0", "a:65536", 9477])
def test_no_port_to_listen_on(written: object) -> None:
    """
    Without a port, without an address or with bare IPv6 it is refused.
    """
    with pytest.raises(ValueError, match="expected an address and a port"):
        listen(written)


def test_computers_compare_without_case() -> None:
    """
    A computer's name is kept in lower case, without trailing dot.
    """
    assert "fin-ws-0231.corp.example" == computer("FIN-WS-0231.corp.example.")


def test_prose_becomes_one_line() -> None:
    """
    A block of several lines is one line afterwards.
    """
    assert prose("two\n  lines\n") == "two lines"


@given(ANYTHING)
@settings(max_examples=200, deadline=None)
def test_a_form_raises_nothing_but_value_errors(value: object) -> None:
    """
    Whatever YAML makes of a text, a form returns a value or says why not.
    """
    for form in (text, prose, duration, network, port, listen, computer):
        with suppress(ValueError):
            form(value)
