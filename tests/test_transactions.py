"""Transactions: a query with its response, or either alone."""

from typing import Any

import msgspec
import pytest

from sensor import transactions
from sensor.anomalies import Anomaly
from sensor.dns.message import Message, Question
from sensor.doubles import Doubles
from sensor.stage import END
from sensor.transactions import Outcome, Transaction, Transactions
from tests.traffic import OTHER_CLIENT, SERVER, at, query, response, through


def closed(*messages: Message) -> list[Transaction]:
    """How each transaction ended, in the order in which they ended."""
    return [each for each in through(Transactions(), messages) if each.closed]


def endings(*messages: Message) -> list[tuple[str, int, int]]:
    """Outcome, queries and responses of each transaction, in the order in which they began."""
    ended = sorted(closed(*messages), key=lambda each: (each.began, each.nth))
    return [(each.outcome.value, each.queries, each.responses) for each in ended]


def test_query_pairs_with_its_response() -> None:
    """
    Client and server are told by who asks; the times are those of the packets.
    """
    asked, answered = query(0), response(0.02)

    (transaction,) = closed(asked, answered)

    assert Outcome.ANSWERED is transaction.outcome
    assert (asked.src, asked.sport) == transaction.client
    assert (SERVER, 53) == transaction.server
    assert (at(0), at(0.02)) == (transaction.first, transaction.last)
    assert (asked, answered) == (transaction.query, transaction.response)
    assert ("udp", 7, "QUERY") == (
        transaction.transport,
        transaction.message_id,
        transaction.opcode,
    )


@pytest.mark.parametrize("protocol", ["mdns", "llmnr", "nbns"])
def test_cousins_pair_with_nothing(protocol: str) -> None:
    """
    Many may answer them, or none: neither by themselves nor with DNS of the same question.
    """
    messages = [query(0), response(0.02)]
    theirs = [msgspec.structs.replace(message, protocol=protocol) for message in messages]

    assert [] == through(Transactions(), theirs)
    assert through(Transactions(), messages) == through(
        Transactions(), [theirs[0], messages[0], theirs[1], messages[1]]
    )


def test_transaction_is_told_as_it_grows() -> None:
    """
    Each change is told at once under one identity, at last that it is over.
    """
    told = through(Transactions(), [query(0), query(1), response(1.02), response(1.1)])

    assert {told[0].identity} == {each.identity for each in told}
    assert [
        (Outcome.PENDING, 1, 0, False),
        (Outcome.PENDING, 2, 0, False),
        (Outcome.ANSWERED, 2, 1, False),
        (Outcome.ANSWERED, 2, 2, False),
        (Outcome.ANSWERED, 2, 2, True),
    ] == [(each.outcome, each.queries, each.responses, each.closed) for each in told]


@pytest.mark.parametrize(
    "other",
    [
        {"client": OTHER_CLIENT},
        {"port": 50002},
        {"server": "10.20.0.54"},
        {"server_port": 5300},
        {"ident": 8},
        {"qname": "else.example"},
        {"qtype": "AAAA"},
        {"opcode": "NOTIFY"},
        {"questions": (Question("api.telegram.org", "A", "CH"),)},
    ],
)
def test_everything_in_the_key_has_to_agree(other: dict[str, Any]) -> None:
    """
    A response of another flow, id, opcode or question answers nothing.
    """
    expected = [("unanswered", 1, 0), ("unsolicited", 0, 1)]

    assert expected == endings(query(0), response(0.02, **other))


def test_case_of_the_name_does_not_matter() -> None:
    """
    Resolvers randomise it (0x20); some servers answer in lower case.
    """
    assert [("answered", 1, 1)] == endings(
        query(0, wire_name="aPi.TELEgram.ORg"), response(0.02, wire_name=None)
    )


@pytest.mark.parametrize(("gap", "expected"), [(15, 1), (15.001, 2)])
def test_repeats_belong_until_the_time_out(gap: float, expected: int) -> None:
    """
    A repeat up to 15 s after the last one belongs to its transaction, a later one begins another.
    """
    assert expected == len(endings(query(0), query(14), query(14 + gap)))


def test_query_repeated_after_its_answer_begins_anew() -> None:
    """
    Repeats belong to a transaction until it is answered.
    """
    assert [("answered", 1, 1), ("unanswered", 1, 0)] == endings(query(0), response(0.02), query(1))


def test_answer_to_a_repeat_is_a_second_answer() -> None:
    """
    The first answer is the response; the second one is counted and stretches the transaction.
    """
    first, second = response(5.1, rcode="SERVFAIL"), response(5.2)

    (transaction,) = closed(query(0), query(5), first, second)

    assert first == transaction.response
    assert (2, 2, at(5.2)) == (transaction.queries, transaction.responses, transaction.last)


@pytest.mark.parametrize(("delay", "expected"), [(15, "answered"), (15.001, "late")])
def test_answer_after_the_time_out_is_late(delay: float, expected: str) -> None:
    """
    Up to 15 s after the last query a response answers; later it is a transaction of its own.
    """
    ended = endings(query(0), response(delay))

    assert expected == ended[-1][0]
    assert ("unanswered", 1, 0) == ended[0] or len(ended) == 1


def test_late_answer_is_forgotten_in_time() -> None:
    """
    A response another 15 s after the time-out is one that nobody asked for.
    """
    ended = endings(query(0), response(30.001))

    assert [("unanswered", 1, 0), ("unsolicited", 0, 1)] == ended


def test_each_unsolicited_response_stands_by_itself() -> None:
    """
    Where the tap sees answers only, each stands for a query of its own, same id and port or not.
    """
    assert [("unsolicited", 0, 1)] * 2 == endings(response(0), response(5))


def test_response_captured_before_its_query() -> None:
    """
    Two capture queues deliver them in the wrong order: they are one answered transaction.
    """
    told = through(Transactions(), [response(0.02), query(0)])

    assert [("answered", 1, 1)] == endings(response(0.02), query(0))
    assert [Outcome.UNSOLICITED, Outcome.ANSWERED] == [t.outcome for t in told if not t.closed]
    assert (at(0), at(0.02)) == (told[-1].first, told[-1].last)


def test_repeat_captured_after_the_answer_it_preceded() -> None:
    """
    By its own time the repeat came before the answer, so it begins nothing.
    """
    assert [("answered", 2, 1)] == endings(query(0), response(1.02), query(1))


def test_earliest_query_is_the_query() -> None:
    """
    Of repeats captured in the wrong order the earlier one counts as the query.
    """
    earlier = query(0)

    (transaction,) = closed(query(1), earlier, response(1.02))

    assert earlier == transaction.query
    assert at(0) == transaction.first


def test_time_that_went_back_does_not_end_what_begins() -> None:
    """
    After the clock was set back by an hour, queries wait for their answers as before.
    """
    before = query(3600, qname="else.example")

    assert [("answered", 1, 1)] == endings(before, query(0), response(0.02))[:1]


def test_packets_of_another_time_do_not_pair() -> None:
    """
    Same key, but by the packets' times not within 15 s: captured together, yet not one exchange.
    """
    assert [("unanswered", 1, 0), ("unanswered", 1, 0)] == endings(query(3600), query(0))
    assert [("unsolicited", 0, 1), ("unanswered", 1, 0)] == endings(query(3600), response(0))


def test_same_id_again_is_another_transaction() -> None:
    """
    One id used again for the same question, even at the same nanosecond, has its own identity.
    """
    told = through(Transactions(), [query(0), response(0), query(0), response(0), query(0)])

    assert [0, 1, 2] == sorted({each.nth for each in told})


def test_identity_is_not_used_twice() -> None:
    """
    Not even where the clock was set back to the very nanosecond of a query that has ended.
    """
    told = through(Transactions(), [query(0), query(60, ident=8), query(0)])

    assert 3 == len({each.identity for each in told})


def test_response_without_question_pairs_with_nothing() -> None:
    """
    Which query it means would depend on queries of other names, that nobody has to keep.
    """
    ended = endings(query(0), response(0.02, questions=()))

    assert [("unanswered", 1, 0), ("unsolicited", 0, 1)] == ended


def test_all_questions_are_the_key() -> None:
    """
    A message with two questions pairs with the response that repeats both.
    """
    both = (Question("a.example", "A", "IN"), Question("b.example", "A", "IN"))

    assert [("answered", 1, 1)] == endings(query(0, questions=both), response(0.02, questions=both))
    assert 2 == len(endings(query(0, questions=both), response(0.02, questions=both[:1])))


def test_doubles_are_not_counted() -> None:
    """
    A packet that a mirror showed twice is one packet.
    """
    packets = [query(0), query(0), response(0.02), response(0.02)]
    marked = through(Doubles(), packets)
    assert [False, True, False, True] == [
        Anomaly.MIRRORED_DUPLICATE in each.anomalies for each in marked
    ]

    assert [("answered", 1, 1)] == endings(*marked)


def test_timeout_leaves_at_its_own_time() -> None:
    """
    An unanswered query is told when its time-out passed, not when that was noticed.
    """
    stage = Transactions()
    through(stage, [query(0)], at(0))
    due = stage.deadline()

    early = through(stage, [], due - 1)
    told = through(stage, [query(100, client=OTHER_CLIENT)], at(100))

    assert [] == early
    assert at(15) + 1 == due
    assert [(Outcome.UNANSWERED, due, False)] == [
        (each.outcome, each.at, each.closed) for each in told[:1]
    ]


def test_at_the_end_everything_leaves_at_the_last_time() -> None:
    """
    END is no time: what waits is told at the latest time seen.
    """
    told = through(Transactions(), [query(0)])

    assert [at(0)] * 3 == [each.at for each in told]
    assert told[-1].closed


def test_nothing_stays_behind() -> None:
    """
    When all have ended the stage holds nothing and waits for nothing.
    """
    stage = Transactions()
    through(stage, [query(0), query(1, ident=8), response(1.1, ident=8), response(2)], at(60))

    assert END == stage.deadline()
    assert (0, 0) == (len(stage._held), len(stage._deadlines._at))


def test_a_flood_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound the oldest leaves as unanswered, and is counted.
    """
    monkeypatch.setattr(transactions, "MOST", 3)
    stage = Transactions()

    told = through(stage, [query(0, ident=n) for n in range(5)], at(0))

    assert 2 == stage.evicted
    assert [0, 1] == [each.message_id for each in told if each.closed]
    assert [Outcome.UNANSWERED] * 2 == [each.outcome for each in told if each.closed]
    assert 3 == len(stage._held)
