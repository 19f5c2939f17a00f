"""Watched names: which names match, and where in a message they count."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.dns.decode import decode
from sensor.dns.message import Record
from sensor.watch import Match, Watch
from tests.dns.messages import header, wire_name
from tests.dns.messages import question as question_octets
from tests.traffic import NAME, query, record, response


def watching(*names: str) -> Watch:
    return Watch(("rule", name) for name in names)


@pytest.mark.parametrize(
    ("watched", "name", "expected"),
    [
        ("api.telegram.org", "api.telegram.org", True),
        ("api.telegram.org", "x.api.telegram.org", False),
        ("api.telegram.org", "telegram.org", False),
        ("api.telegram.org", "api\\.telegram\\.org", False),
        ("api\\.telegram\\.org", "api\\.telegram\\.org", True),
        (".example.org", "a.example.org", True),
        (".example.org", "a.b.example.org", True),
        (".example.org", "example.org", False),
        (".example.org", "badexample.org", False),
        (".example.org", "a\\.example.org", False),
        (".example.org", "a\\\\.example.org", True),
        (".org", "example.org", True),
        ("*", "example.org", True),
        ("*", ".", True),
        (".", ".", True),
        (".", "org", False),
    ],
)
def test_a_name_is_compared_label_by_label(watched: str, name: str, expected: bool) -> None:
    """
    Exact; or everything below but not the name itself; or every name. A dot inside a label,
    which is printed escaped, parts nothing.
    """
    assert expected is bool(watching(watched).asked(name))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(".\\aB0 \0", min_size=1, max_size=3).map(str.encode), min_size=1, max_size=4),
    st.integers(0, 4),
)
def test_names_off_the_wire_match_below_each_parent(labels: list[bytes], cut: int) -> None:
    """
    A name read from octets is found under each of its parents and itself, by nothing else.
    """

    def read(parts: list[bytes]) -> str:
        message = decode(header(counts=(1, 0, 0, 0)) + question_octets(wire_name(*parts)))
        assert message is not None
        return message.questions[0].qname

    name = read(labels)
    parent = read(labels[cut:]) if cut < len(labels) else "other"

    below = bool(watching("." + parent).asked(name))

    assert (0 < cut < len(labels)) is below
    assert watching(name).asked(name)


def test_every_rule_that_watches_is_named() -> None:
    """
    A name matches for each rule, the closest name first; one rule's name twice counts once.
    """
    watch = Watch([("a", ".telegram.org"), ("b", NAME), ("a", NAME), ("b", NAME), ("c", "*")])

    expected = [("b", NAME), ("a", NAME), ("a", ".telegram.org"), ("c", "*")]
    assert [Match(rule, name, "qname") for rule, name in expected] == list(watch.asked(NAME))


FOLLOWED = [
    (record("x.example", "CNAME", NAME), "cname"),
    (record(NAME, "CNAME", "y.example"), "cname"),
    (record("example", "DNAME", NAME), "dname"),
    (record("x.example", "HTTPS", f"1 {NAME}"), "https"),
    (record("_x.example", "SVCB", f"1 {NAME}"), "svcb"),
    (Record(NAME, "HTTPS", "IN", 60, "1 . alpn=h2"), "https"),
]


@pytest.mark.parametrize(("met", "role"), FOLLOWED)
@pytest.mark.parametrize("section", ["answers", "authorities", "additionals"])
def test_names_that_a_resolver_follows_match(met: Record, role: str, section: str) -> None:
    """
    Owner and target of CNAME, DNAME, SVCB and HTTPS records, in any section of a response.
    """
    other = record("z.example")
    if section == "answers":
        message = response(0, other, met, qname="x.example")
    else:
        sections: Any = {section: (other, met)}
        message = response(0, qname="x.example", **sections)

    assert (Match("rule", NAME, role),) == watching(NAME).answered(message.dns)
    assert watching(NAME).concerns(message.dns)


@pytest.mark.parametrize(
    "met",
    [
        record(NAME, "A"),
        Record("x.example", "TXT", "IN", 60, f'"{NAME}"'),
        Record("x.example", "SRV", "IN", 60, f"0 0 443 {NAME}"),
        Record("x.example", "MX", "IN", 60, f"0 {NAME}"),
        Record("x.example", "NS", "IN", 60, NAME),
        Record("x.example", "TYPE65400", "IN", 60, "\\# 4 0a000001"),
    ],
)
def test_other_records_do_not_match(met: Record) -> None:
    """
    Text, opaque octets, hosts that something else names, and address records prove no lookup.
    """
    assert not watching(NAME).concerns(response(0, met, qname="x.example").dns)


def test_a_query_matches_by_its_questions_only() -> None:
    """
    Whoever asks may put any record into the query; no resolver follows it.
    """
    asked = query(0, qname="x.example")
    carrying = msgspec.structs.replace(asked.dns, answers=(FOLLOWED[0][0],))

    assert not watching(NAME).concerns(carrying)
    assert watching(NAME).concerns(msgspec.structs.replace(carrying, qr=True))
    assert watching(NAME).concerns(query(0).dns)


def test_nothing_watched_matches_nothing() -> None:
    """
    Without a rule no name is watched.
    """
    assert not Watch([]).concerns(response(0, FOLLOWED[0][0]).dns)
