"""Lookups: the transactions of one client for one watched name that belong together."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor import lookups
from sensor.anomalies import Anomaly
from sensor.dns.message import Message, Question, Record
from sensor.doubles import Doubles
from sensor.lookups import Flow, Lookup, Lookups
from sensor.stage import END, SECOND
from sensor.transactions import TIMEOUT, Transactions
from sensor.watch import Match, Watch
from tests.traffic import (
    CLIENT,
    INNOCENT,
    NAME,
    OTHER_CLIENT,
    SERVER,
    at,
    query,
    record,
    response,
    through,
)

WATCH = Watch([("rule", NAME)])
CNAME = record(INNOCENT, "CNAME", NAME)
ADDRESS = record()


def told(*messages: Message, watch: Watch = WATCH) -> list[Lookup]:
    """All that is told of the lookups that these messages make."""
    return through(Lookups(watch), through(Transactions(), through(Doubles(), messages)))


def closed(*messages: Message, watch: Watch = WATCH) -> list[Lookup]:
    """How each lookup ended, in the order in which they began."""
    ended = [each for each in told(*messages, watch=watch) if each.closed]
    return sorted(ended, key=lambda lookup: (lookup.first, lookup.identity))


def shapes(*messages: Message) -> list[tuple[float, tuple[str, ...], str]]:
    """First time, types and outcome of each lookup."""
    return [
        ((lookup.first - at(0)) / SECOND, lookup.qtypes, lookup.outcome)
        for lookup in closed(*messages)
    ]


def exchange(when: float, **of: Any) -> tuple[Message, Message]:
    """A query, and 20 ms later its answer."""
    answers = (ADDRESS,) if of.get("qtype", "A") == "A" else ()
    return query(when, **of), response(when + 0.02, *answers, **of)


def test_lookup_says_what_the_wire_showed() -> None:
    """
    Everything comes from its packets.
    """
    asked = query(0, wire_name="aPi.telegram.org")
    answered = response(0.02, ADDRESS, wire_name="aPi.telegram.org")

    (lookup,) = closed(asked, answered)

    assert CLIENT == lookup.client_ip
    assert (Flow(CLIENT, 50001, SERVER, 53, "udp"),) == lookup.flows
    assert (NAME, "aPi.telegram.org", ("A",), "IN") == (
        lookup.qname,
        lookup.wire_name,
        lookup.qtypes,
        lookup.qclass,
    )
    assert ("answered", "NOERROR", (ADDRESS,)) == (lookup.outcome, lookup.rcode, lookup.answers)
    assert (at(0), at(0.02), 20_000_000) == (lookup.first, lookup.last, lookup.rtt)
    assert (7, ("RD", "RA"), asked.path) == (lookup.message_id, lookup.flags, lookup.path)
    assert (Match("rule", NAME, "qname"),) == lookup.matches
    assert frozenset({ADDRESS.rdata}) == lookup.addresses


def test_lookup_is_told_as_it_grows() -> None:
    """
    Each packet tells it anew under one identity, at last it is closed.
    """
    values = told(*exchange(0), *exchange(0.5, qtype="AAAA", ident=8))

    assert 1 == len({each.identity for each in values})
    assert [
        ("unanswered", ("A",), False),
        ("answered", ("A",), False),
        ("answered", ("A", "AAAA"), False),
        ("answered", ("A", "AAAA"), False),
        ("answered", ("A", "AAAA"), True),
    ] == [(each.outcome, each.qtypes, each.closed) for each in values]


def test_types_servers_and_repeats_are_one_lookup() -> None:
    """
    A, AAAA and HTTPS, a repeat and another server: one wish to know one name.
    """
    (lookup,) = closed(
        query(0),
        query(0.01, qtype="AAAA", ident=8),
        query(1),
        query(1.5, server="10.20.0.54"),
        response(1.6, ADDRESS, server="10.20.0.54"),
        *exchange(3, qtype="HTTPS", ident=9),
    )

    assert ("A", "AAAA", "HTTPS") == lookup.qtypes
    assert [SERVER, "10.20.0.54"] == [flow.server_ip for flow in lookup.flows]
    assert (at(0), at(3.02)) == (lookup.first, lookup.last)


@pytest.mark.parametrize(("gap", "expected"), [(2, 1), (2.001, 2)])
def test_transactions_join_within_two_seconds_of_the_one_before(gap: float, expected: int) -> None:
    """
    The gap counts from where the last one began, both ends included; the first may be long ago.
    """
    messages = [
        *exchange(0),
        *exchange(1.9, qtype="AAAA", ident=8),
        *exchange(1.9 + gap, qtype="HTTPS", ident=9),
    ]

    assert expected == len(closed(*messages))


def test_clients_and_names_have_lookups_of_their_own() -> None:
    """
    Nothing joins across client addresses or names.
    """
    messages = [query(0), query(0, client=OTHER_CLIENT), query(0, qname="else.example")]

    found = closed(*messages, watch=Watch([("rule", "*")]))

    assert {(CLIENT, NAME), (OTHER_CLIENT, NAME), (CLIENT, "else.example")} == {
        (lookup.client_ip, lookup.qname) for lookup in found
    }


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN", "SERVFAIL"])
@pytest.mark.parametrize("other", [{"ident": 8}, {"port": 50002}])
def test_second_query_of_an_answered_type_is_a_second_lookup(
    rcode: str, other: dict[str, Any]
) -> None:
    """
    Who has its answer and asks again with another id or port wants to know again.
    """
    messages = [query(0), response(0.02, rcode=rcode), *exchange(1, **other)]

    assert [(0, ("A",), "answered"), (1, ("A",), "answered")] == shapes(*messages)


def test_second_query_of_an_unanswered_type_is_the_same_lookup() -> None:
    """
    A retry with a new id or port belongs to what it retries.
    """
    assert [(0, ("A",), "answered")] == shapes(query(0), *exchange(1, ident=8, port=50002))


def over_tcp(message: Message) -> Message:
    """The same message, but in a stream."""
    return msgspec.structs.replace(message, transport="tcp")


def truncated(when: float, *answers: Record, **of: Any) -> Message:
    """A response that has TC set."""
    answered = response(when, *answers, **of)
    flags = ("TC", *answered.dns.flags)
    return msgspec.structs.replace(answered, dns=msgspec.structs.replace(answered.dns, flags=flags))


def test_truncated_answer_and_its_retry_over_tcp_are_one_lookup() -> None:
    """
    The client asked once: over UDP the answer did not fit, over TCP it did, and it is the one told.
    """
    retry: dict[str, Any] = {"port": 50002, "ident": 8}

    (lookup,) = closed(
        query(0),
        truncated(0.02),
        over_tcp(query(0.05, **retry)),
        over_tcp(response(0.07, ADDRESS, **retry)),
    )

    assert [
        Flow(CLIENT, 50001, SERVER, 53, "udp"),
        Flow(CLIENT, 50002, SERVER, 53, "tcp"),
    ] == list(lookup.flows)
    assert ("answered", "NOERROR", (ADDRESS,)) == (lookup.outcome, lookup.rcode, lookup.answers)
    assert ("RD", "RA") == lookup.flags
    assert (at(0), at(0.07)) == (lookup.first, lookup.last)


def test_truncated_answer_matches_by_itself_and_with_its_retry() -> None:
    """
    A response that holds the watched name as a target tells the lookup alone, so the one over TCP
    must not begin another.
    """
    of: dict[str, Any] = {"qname": INNOCENT}

    (lookup,) = closed(
        truncated(0.02, CNAME, **of),
        over_tcp(response(0.07, CNAME, ADDRESS, port=50002, ident=8, **of)),
    )

    assert ((CNAME, ADDRESS), ("RD", "RA")) == (lookup.answers, lookup.flags)


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL"])
def test_what_the_retry_says_counts(rcode: str) -> None:
    """
    The truncated answer said NOERROR, but it is the other that the client got.
    """
    (lookup,) = closed(
        query(0),
        truncated(0.02, ADDRESS),
        over_tcp(query(0.05, port=50002)),
        over_tcp(response(0.07, port=50002, rcode=rcode)),
    )

    assert rcode == lookup.rcode


def test_truncated_answer_alone_is_told() -> None:
    """
    Nothing else is known of it: its response code and what it holds.
    """
    (lookup,) = closed(query(0), truncated(0.02, ADDRESS))

    assert ("answered", "NOERROR", (ADDRESS,)) == (lookup.outcome, lookup.rcode, lookup.answers)
    assert "TC" in lookup.flags


def test_after_the_retry_a_further_query_is_a_second_lookup() -> None:
    """
    Over TCP nothing is too long: TC there is an answer all the same.
    """
    answers = [response(0.07, ADDRESS, port=50002), truncated(0.07, ADDRESS, port=50002)]
    for answer in answers:
        messages = [
            query(0),
            truncated(0.02),
            over_tcp(query(0.05, port=50002)),
            over_tcp(answer),
            *exchange(1, port=50003, ident=9),
        ]

        assert [(0, ("A",), "answered"), (1, ("A",), "answered")] == shapes(*messages)


def test_repeat_that_crossed_its_answer_is_the_same_lookup() -> None:
    """
    The very same query again, id and port, is a repeat even after the answer has passed.
    """
    assert [(0, ("A",), "answered")] == shapes(
        query(0), response(0.999, ADDRESS), query(1), response(1.02, ADDRESS)
    )


def test_other_types_join_the_newest_lookup() -> None:
    """
    An answer to an older lookup does not draw what begins later to it: A (unanswered so far),
    A again 3 s later, the first one's answer, then AAAA: that belongs to the second.
    """
    messages = [
        query(0),
        query(3, ident=8, port=50002),
        response(3.5, ADDRESS),
        query(3.6, ident=9, port=50003, qtype="AAAA"),
    ]

    assert [(0, ("A",), "answered"), (3, ("A", "AAAA"), "unanswered")] == shapes(*messages)


def test_second_answer_does_not_stretch_a_lookup() -> None:
    """
    The client was content with the first: event 22 is written after that one. It tells nothing,
    and what changes later does not bring it in.
    """
    of: dict[str, Any] = {"qtype": "AAAA", "ident": 8}
    before = [query(0), query(0, **of), query(0.1), response(0.2)]
    captured_late = response(0.5, **of)

    values = told(*before, response(1), captured_late)

    assert at(0.5) == values[-1].last
    assert len(values) == len(told(*before, captured_late))


def test_response_without_query_is_a_lookup() -> None:
    """
    The tap may see one direction only; the asker is the client all the same.
    """
    (lookup,) = closed(response(0, ADDRESS))

    assert ("response_only", CLIENT, None) == (lookup.outcome, lookup.client_ip, lookup.rtt)
    assert "aPi.telegram.org" == closed(response(0, wire_name="aPi.telegram.org"))[0].wire_name


def test_responses_without_queries_count_like_queries() -> None:
    """
    The same id and port within 2 s are one lookup, later or with another id they are two.
    """
    assert [(0, ("A",), "response_only")] == shapes(response(0), response(1))
    assert 2 == len(closed(response(0), response(5)))
    assert 2 == len(closed(response(0), response(1, ident=8)))
    assert 1 == len(closed(response(0), response(1, ident=8, qtype="AAAA")))


def test_best_answer_is_shown() -> None:
    """
    A response without error speaks for the lookup before one with; answers are joined.
    """
    (lookup,) = closed(
        query(0),
        response(0.02, rcode="SERVFAIL"),
        query(0.03, ident=8, qtype="AAAA"),
        response(0.04, record(rtype="AAAA", rdata="2001:db8::1"), ident=8, qtype="AAAA"),
    )

    assert ("NOERROR", ("2001:db8::1",)) == (
        lookup.rcode,
        tuple(each.rdata for each in lookup.answers),
    )


@pytest.mark.parametrize("opcode", ["UPDATE", "NOTIFY", "OPCODE7"])
def test_only_queries_look_names_up(opcode: str) -> None:
    """
    UPDATE and NOTIFY name zones and records; a response to one matches nothing either.
    """
    assert [] == closed(query(0, opcode=opcode), response(0.02, CNAME, opcode=opcode))


def test_notify_sent_ahead_hides_nothing() -> None:
    """
    A NOTIFY of the same id, port and question is no repeat of the query that follows.
    """
    assert [(0.01, ("A",), "answered")] == shapes(
        query(0, opcode="NOTIFY"), query(0.01), response(0.02, ADDRESS)
    )


def test_each_watched_question_makes_a_lookup() -> None:
    """
    Of several questions in one message each watched name is looked up, with all its types.
    """
    questions = (
        Question("else.example", "A", "IN"),
        Question(NAME, "A", "IN"),
        Question("x.org", "A", "IN"),
        Question(NAME, "AAAA", "IN"),
    )
    watch = Watch([("rule", NAME), ("rule", ".org")])

    found = closed(query(0, questions=questions), watch=watch)

    assert {(NAME, ("A", "AAAA")), ("x.org", ("A",))} == {
        (each.qname, each.qtypes) for each in found
    }


def test_a_message_full_of_questions_makes_few_lookups() -> None:
    """
    No resolver answers such a message; a watched name in it is found wherever it stands.
    """
    many = tuple(Question(f"n{n}.example", "A", "IN") for n in range(5000))
    full = query(0, questions=(*many, Question(NAME, "A", "IN")))

    assert lookups.MOST_QUESTIONS == len(closed(full, watch=Watch([("rule", "*")])))
    assert [NAME] == [each.qname for each in closed(full)]


def test_two_lookups_at_the_same_nanosecond_are_two() -> None:
    """
    Times may be coarse: what begins at once is told apart by a running number.
    """
    messages = [m for n in range(3) for m in (query(0, ident=n), response(0, ident=n))]

    found = closed(*messages)

    assert [0, 1, 2] == [lookup.identity[-1] for lookup in found]


def test_capture_order_does_not_part_a_lookup() -> None:
    """
    A transaction that began between two others, but was captured after both, joins them.
    """
    assert [(0, ("A", "HTTPS", "AAAA"), "unanswered")] == shapes(
        query(0),
        query(1.9, ident=8, qtype="AAAA"),
        query(3.8, ident=9),
        query(1, ident=10, qtype="HTTPS"),
    )


def test_answer_captured_before_the_second_query() -> None:
    """
    By their own times the retry came before the answer: it is no second lookup.
    """
    assert 1 == len(closed(query(0), response(1, ADDRESS), query(0.9, ident=8)))


def test_time_that_went_back_does_not_part_a_lookup() -> None:
    """
    After the clock was set back by an hour, A and AAAA still belong together.
    """
    messages = [query(3600), *exchange(0, ident=8), *exchange(0.1, ident=9, qtype="AAAA")]

    assert (0, ("A", "AAAA"), "answered") == shapes(*messages)[0]


def test_match_by_answer_is_told_from_the_response_alone() -> None:
    """
    The query for an innocent name could have been dropped: nothing of it shows.
    """
    asked = query(0, qname=INNOCENT, wire_name="iNNocent.example")
    answered = response(0.02, CNAME, ADDRESS, qname=INNOCENT)

    (lookup,) = closed(asked, answered)

    assert (Match("rule", NAME, "cname"),) == lookup.matches
    assert ("response_only", at(0.02), None, INNOCENT) == (
        lookup.outcome,
        lookup.first,
        lookup.rtt,
        lookup.wire_name,
    )
    assert told(answered) == told(asked, answered)


def test_qname_goes_before_the_answer() -> None:
    """
    A lookup that matches a rule by its name does not match it by its answer as well; another
    rule it may.
    """
    found = closed(
        query(0),
        response(0.02, record(NAME, "CNAME", "else.example")),
        watch=Watch([("rule", NAME), ("other", "else.example")]),
    )

    assert [[("rule", "qname")], [("other", "cname")]] == [
        [(match.rule, match.role) for match in lookup.matches] for lookup in found
    ]


def test_response_without_question_is_told_by_its_record() -> None:
    """
    The owner of its first record, in whatever section, stands for the name that was asked.
    """
    (lookup,) = closed(response(0, questions=(), additionals=(CNAME,)))

    assert (INNOCENT, "response_only") == (lookup.qname, lookup.outcome)
    assert [] == closed(response(0, ADDRESS, questions=()))


def test_repeated_response_is_one_lookup_by_answer() -> None:
    """
    The same response within 2 s is a repeat and tells nothing, also of a lookup that is no longer
    the newest.
    """
    of: dict[str, Any] = {"qname": INNOCENT}
    messages = [
        response(0, CNAME, **of),
        response(0.5, CNAME, ident=8, **of),
        response(1, CNAME, **of),
        response(4, CNAME, **of),
    ]

    found = closed(*messages)

    assert [(at(0), at(0)), (at(0.5), at(0.5)), (at(4), at(4))] == [
        (each.first, each.last) for each in found
    ]


def test_repeat_finds_its_own_lookup_though_an_older_one_has_ended() -> None:
    """
    The same response an hour before, by a clock set back, is a lookup of its own; its repeat
    is found when the first lookup is over.
    """
    of: dict[str, Any] = {"qname": INNOCENT}
    clock = [query(3601, ident=9), query(3602.5, ident=10)]
    messages = [
        response(3600, CNAME, **of),
        clock[0],
        response(0, CNAME, **of),
        clock[1],
        response(0.5, CNAME, **of),
    ]

    found = [each for each in closed(*messages) if each.qname == INNOCENT]

    assert [(at(0), at(0)), (at(3600), at(3600))] == [(each.first, each.last) for each in found]


def test_one_match_a_rule() -> None:
    """
    However many watched names a response holds, a rule's first match speaks for it.
    """
    records = [record(INNOCENT, "CNAME", f"n{n}.example.org") for n in range(50)]
    watch = Watch(("rule", f"n{n}.example.org") for n in range(50))

    (lookup,) = closed(response(0, *records, qname=INNOCENT), watch=watch)

    assert (Match("rule", "n0.example.org", "cname"),) == lookup.matches


def test_doubles_are_not_told() -> None:
    """
    A mirrored copy neither counts nor stretches a lookup.
    """
    once, twice = exchange(0), [*exchange(0), *exchange(0)]
    twice.sort(key=lambda message: message.at)

    assert told(*once) == told(*twice)


def test_anomalies_are_those_of_its_messages() -> None:
    """
    Each is named once.
    """
    shown = (Anomaly.TRAILING_OCTETS,)
    asked = query(0)
    dns = msgspec.structs.replace(asked.dns, anomalies=shown)
    damaged = msgspec.structs.replace(asked, dns=dns, anomalies=shown)

    assert [shown] == [each.anomalies for each in closed(damaged)]


def test_a_flood_of_transactions_is_many_lookups() -> None:
    """
    Past 64 transactions the next one begins a new lookup, so none grows without end.
    """
    found = closed(*(query(n / 1000, ident=n) for n in range(130)))

    assert [64, 64, 2] == [round((each.last - each.first) / 1e6) + 1 for each in found]


def test_answers_are_bounded() -> None:
    """
    A lookup shows so many records of all that its responses hold.
    """
    many = [record(rdata=f"10.{n >> 8}.{n & 255}.1") for n in range(1000)]

    (lookup,) = closed(query(0), response(0.02, *many))

    assert tuple(many[: lookups.MOST_ANSWERS]) == lookup.answers


def test_lookups_at_hand_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound the oldest is closed early and counted; what changes it later tells nothing.
    """
    monkeypatch.setattr(lookups, "MOST", 2)
    stage = Lookups(WATCH)
    clients = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    messages = [query(0, client=client) for client in clients]
    messages.append(response(0.02, client=clients[0]))

    values = through(stage, through(Transactions(), messages, at(0.02)), at(0.02))

    assert 1 == stage.evicted
    assert [(clients[0], True)] == [(v.client_ip, v.closed) for v in values if v.closed]
    assert 4 == len(values)


def test_nothing_stays_behind() -> None:
    """
    When all are closed the stage holds nothing and waits for nothing.
    """
    stage = Lookups(WATCH)
    messages = [
        *exchange(0),
        *exchange(1, ident=8),
        query(2, ident=9),
        response(3, CNAME, qname=INNOCENT),
        response(3.5, CNAME, qname=INNOCENT),
    ]

    through(stage, through(Transactions(), messages, at(60)), at(60))

    assert END == stage.deadline()
    assert [0, 0, 0, 0] == [
        len(held) for held in (stage._open, stage._current, stage._of, stage._deadlines._at)
    ]


def test_closing_falls_due_at_its_own_time() -> None:
    """
    Two seconds after the last transaction began, once all have settled.
    """
    stage = Lookups(WATCH)
    pair = Transactions()
    through(stage, through(pair, exchange(0), at(0.02)), at(0.02))

    due = stage.deadline()
    values = through(stage, through(pair, [], at(100)), at(100))

    assert at(2) + 1 == due
    assert [(due, True)] == [(each.at, each.closed) for each in values]


# --- properties ------------------------------------------------------------------------------

_NAMES = (NAME, INNOCENT, "else.example")
_ANSWERS = ((), (CNAME,), (ADDRESS,), (CNAME, ADDRESS))


@st.composite
def streams(draw: st.DrawFn) -> list[Message]:
    """Messages of two clients that share few names, ids and ports; mostly in order."""
    time = 0.0
    messages: list[Message] = []
    for _ in range(draw(st.integers(1, 30))):
        time += draw(st.sampled_from([0, 0, 0.02, 0.3, 1, 1.9, 2.1, 8, 16]))
        when = max(0, time - draw(st.sampled_from([0, 0, 0, 0, 0.02, 1, 4])))
        of: dict[str, Any] = {
            "client": draw(st.sampled_from([CLIENT, OTHER_CLIENT])),
            "ident": draw(st.integers(0, 1)),
            "port": draw(st.sampled_from([50001, 50002])),
            "qname": draw(st.sampled_from(_NAMES)),
            "qtype": draw(st.sampled_from(["A", "A", "AAAA"])),
            "opcode": draw(st.sampled_from(["QUERY"] * 9 + ["NOTIFY"])),
        }
        if draw(st.integers(0, 19)) == 0:
            del of["qname"], of["qtype"]
            of["questions"] = ()
        if draw(st.booleans()):
            messages.append(query(when, **of))
        else:
            messages.append(response(when, *draw(st.sampled_from(_ANSWERS)), **of))
        if draw(st.integers(0, 9)) == 0:
            messages.append(draw(st.sampled_from(messages)))
    return messages


def _with_time(messages: list[Message], kept: list[Message]) -> list[Lookup]:
    """Take the kept messages, while every message moves `now`, as every frame does."""
    doubles, pair, gather = Doubles(), Transactions(), Lookups(WATCH)
    wanted = {id(message) for message in kept}
    now = 0
    values = []
    for message in messages:
        now = max(now, message.at)
        marked = through(doubles, [], now)
        marked += through(doubles, [message] if id(message) in wanted else [], now)
        values += through(gather, through(pair, [], now), now)
        values += through(gather, through(pair, marked, now), now)
    return [*values, *through(gather, through(pair, [], END), END)]


@settings(max_examples=300, deadline=None)
@given(streams())
def test_nothing_depends_on_what_does_not_match(messages: list[Message]) -> None:
    """
    Without every message in which nothing is watched, the very same is told.
    """
    kept = [message for message in messages if WATCH.concerns(message.dns)]

    assert _with_time(messages, messages) == _with_time(messages, kept)


@settings(max_examples=200, deadline=None)
@given(streams())
def test_match_by_answer_depends_on_its_responses_alone(messages: list[Message]) -> None:
    """
    Lookups that match by their answer are the same without any query, and without any response
    that does not match so.
    """
    kept = [
        message
        for message in messages
        if message.dns.qr
        and any(record.type == "CNAME" for record in message.dns.answers)
        and NAME not in [question.qname for question in message.dns.questions]
    ]

    def by_answer(values: list[Lookup]) -> list[Lookup]:
        return [value for value in values if value.identity[2] == "answer"]

    assert by_answer(_with_time(messages, messages)) == by_answer(_with_time(messages, kept))


@settings(max_examples=200, deadline=None)
@given(streams())
def test_lookups_keep_their_word(messages: list[Message]) -> None:
    """
    Times are told in order, an identity is closed once and at last, `first` never rises and
    `last` never falls, and every watched question is in a lookup of its client (though it does
    not show where it was captured long after its answer).
    """
    values = _with_time(messages, messages)

    times = [value.at for value in values]
    assert sorted(times) == times
    for _, group in itertools.groupby(
        sorted(values, key=lambda value: value.identity), key=lambda value: value.identity
    ):
        grown = list(group)
        assert [False] * (len(grown) - 1) + [True] == [value.closed for value in grown]
        for before, after in itertools.pairwise(grown):
            assert after.first <= before.first
            assert after.last >= before.last
    closed_lookups = [value for value in values if value.closed]
    for message in messages:
        if not message.dns.qr and message.dns.opcode == "QUERY" and WATCH.concerns(message.dns):
            assert any(
                lookup.client_ip == message.src
                and lookup.first - TIMEOUT <= message.at <= lookup.last
                and message.dns.questions[0].qtype in lookup.qtypes
                for lookup in closed_lookups
            ), message
