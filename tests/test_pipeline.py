"""The river: a packet's journey from frame to alert, what it counts and what it hands out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from sensor.alerts import Alert
from sensor.anomalies import Anomaly
from sensor.attribution.values import Status
from sensor.dns.message import Message, Question
from sensor.frame import Frame
from sensor.pipeline import Sighted
from sensor.rules.verdict import Verdict
from sensor.stage import END
from sensor.transactions import Outcome, Transaction
from tests.traffic import CLIENT, INNOCENT, NAME, SERVER, at, query, record, response, through
from tests.worlds import ANSWER, COMPUTERS, EVERYTHING, Item, Scene, datagram, frame, river, world


def exchange(when: float = 0, **of: Any) -> list[Frame]:
    """A query, and 20 ms later its answer."""
    return [frame(query(when, **of)), frame(response(when + 0.02, record(), **of))]


def played(*scenes: Scene) -> list[Item]:
    return [item for _, item in world(list(scenes))]


def told(items: Sequence[Item], **of: Any) -> list[Any]:
    return list(river(**of)(items, END))


def alerts(items: Sequence[Item], **of: Any) -> list[Alert]:
    return [value for value in told(items, **of) if isinstance(value, Alert)]


def kinds(values: list[Any]) -> Counter[str]:
    return Counter(type(value).__name__ for value in values)


def test_a_frame_travels_down_to_an_alert() -> None:
    """
    Two frames and one event: two messages, one transaction, one alert that names the process.
    """
    values = told(played(("bot", 0, 0, 1, 0)))

    messages = [value for value in values if isinstance(value, Message)]
    (transaction,) = [value for value in values if isinstance(value, Transaction)]
    alert = [value for value in values if isinstance(value, Alert)][-1]
    assert [NAME, NAME] == [each.dns.questions[0].qname for each in messages]
    assert (Outcome.ANSWERED, True) == (transaction.outcome, transaction.closed)
    assert ("attributed", 1, COMPUTERS[0]) == (alert.state, alert.count, alert.best.computer)
    assert alert.best.process is not None
    assert "bot.exe" == alert.best.process.name
    assert (CLIENT, frozenset({ANSWER})) == (
        alert.best.lookup and alert.best.lookup.client_ip,
        alert.best.lookup and alert.best.lookup.addresses,
    )


def test_without_a_feed_an_alert_is_told_at_once() -> None:
    """
    Nobody else is going to say who asked: the query's frame brings the alert.
    """
    whole = river(taps=frozenset(), feed=False)

    (alert,) = through(whole, [exchange()[0]], at(0))

    assert (Status.NO_FEED, at(0)) == (alert.best.status, alert.created)


def test_with_a_feed_an_alert_is_held() -> None:
    """
    It is told once the hold has passed, at that time, whatever frame shows that it has.
    """
    whole = river(taps=frozenset())
    early = through(whole, exchange(), at(14))
    other = frame(query(40, qname="else.example"))

    (alert, *_) = through(whole, [other], at(40))

    assert [] == early
    assert at(15) == alert.created


def test_names_that_nobody_watches_go_no_further() -> None:
    """
    They are messages and transactions where those are wanted, and no verdict ever.
    """
    items = played(("another name", 0, 0, 1, 0), ("something else", 1, 0, 1, 0))

    assert {"Message": 2, "Transaction": 1} == kinds(told(items))
    assert [] == told(items, taps=frozenset())


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        ((), {"Alert"}),
        (("messages",), {"Alert", "Message"}),
        (("transactions",), {"Alert", "Transaction"}),
        (("verdicts",), {"Alert", "Verdict"}),
        (("anomalies",), {"Alert", "Sighted"}),
        (EVERYTHING, {"Alert", "Message", "Transaction", "Verdict", "Sighted"}),
    ],
)
def test_each_tap_hands_out_its_bridge(taps: tuple[str, ...], expected: set[str]) -> None:
    """
    Alerts always come; the rest by its tap.
    """
    items = played(("double", 0, 0, 1, 0))

    assert expected == set(kinds(told(items, taps=frozenset(taps))))


def test_transactions_are_told_once_and_whole() -> None:
    """
    Each is told when it is over, with all that belongs to it, whatever order it was captured in.
    """
    items = played(("swapped", 0, 0, 1, 0), ("repeat", 30, 0, 1, 0), ("late answer", 60, 0, 1, 0))

    transactions = [value for value in told(items) if isinstance(value, Transaction)]

    assert [
        (Outcome.ANSWERED, 1, 1),
        (Outcome.ANSWERED, 2, 2),
        (Outcome.UNANSWERED, 1, 0),
        (Outcome.LATE, 0, 1),
    ] == [(each.outcome, each.queries, each.responses) for each in transactions]


def test_doubles_show_as_messages_only() -> None:
    """
    A mirrored copy is a message with its anomaly; lookups and alerts are those of one copy.
    """
    once, twice = (
        told(played((what, 0, 0, 1, 0)), taps=EVERYTHING) for what in ("exchange", "double")
    )

    marked = [
        Anomaly.MIRRORED_DUPLICATE in value.anomalies
        for value in twice
        if isinstance(value, Message)
    ]
    assert [False, True, False, True] == marked
    assert [v for v in once if isinstance(v, Alert)] == [v for v in twice if isinstance(v, Alert)]


def test_everything_is_counted() -> None:
    """
    Frames and octets as captured; messages on the DNS ports; what gave no packet, by what it was;
    anomalies by name; alerts once each, however often revised; exempt lookups.
    """
    arp = Frame(at(0), bytes(12) + b"\x08\x06" + bytes(28), 1, 42)
    short = datagram(at(0), (CLIENT, 50001), (SERVER, 53), b"short")
    elsewhere = frame(msgspec.structs.replace(query(0.5, qname="else.example"), dport=4444))
    items = [
        arp,
        short,
        elsewhere,
        *played(("telegram", 0, 0, 1, 0), ("bot", 60, 1, 1, 0), ("bot", 30, 1, 1, 0)),
    ]
    whole = river(taps=frozenset())

    values = through(whole, items)

    counters = whole.counters
    frames = [item for item in items if isinstance(item, Frame)]
    assert (len(frames), sum(len(each.data) for each in frames)) == (
        counters.frames,
        counters.octets,
    )
    assert 6 == counters.dns_messages
    assert {"arp": 1} == counters.leftovers
    assert {Anomaly.MESSAGE_TRUNCATED: 1, Anomaly.NONSTANDARD_PORT: 1} == counters.anomalies
    assert 1 == counters.alerts == len({alert.id for alert in values})
    assert len(values) > 1
    assert 1 == counters.exempt_lookups
    assert {} == counters.evicted


def test_what_a_bound_lets_go_of_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Every stage's losses have its name.
    """
    monkeypatch.setattr("sensor.doubles.MOST", 1)
    monkeypatch.setattr("sensor.transactions.MOST", 1)
    monkeypatch.setattr("sensor.lookups.MOST", 1)
    whole = river()

    list(whole([*exchange(), *exchange(0, client="10.20.30.42")], at(1)))

    assert {"doubles", "transactions", "lookups"} <= set(whole.counters.evicted)


def test_anomalies_say_where_they_were_met() -> None:
    """
    In a message; in a packet that carries none; in a frame that gave no packet.
    """
    items: list[Item] = [
        frame(query(0, questions=())),
        datagram(at(0), (CLIENT, 50001), (SERVER, 53), b"short"),
        Frame(at(0), b"", 1, 0),
    ]

    sighted = [value for value in told(items) if isinstance(value, Sighted)]

    assert [
        (Anomaly.QUESTIONS_NOT_ONE, "Message"),
        (Anomaly.MESSAGE_TRUNCATED, "Packet"),
        (Anomaly.HEADER_TRUNCATED, "Leftover"),
    ] == [(each.anomaly, type(each.of).__name__) for each in sighted]


def test_lookup_by_answer_needs_no_query() -> None:
    """
    The alert is the same with the query for the innocent name as without it.
    """
    cname = record(INNOCENT, "CNAME", NAME)
    asked = frame(query(0, qname=INNOCENT))
    answered = frame(response(0.02, cname, qname=INNOCENT))
    taps: frozenset[str] = frozenset()

    with_query = told([asked, answered], taps=taps)

    assert told([answered], taps=taps) == with_query
    assert ["cname"] == [alert.best.match.role for alert in with_query]


def test_several_questions_each_count() -> None:
    """
    A message that asks for a watched name among others is a lookup of it.
    """
    questions = (Question("else.example", "A", "IN"), Question(NAME, "A", "IN"))

    (alert,) = alerts([frame(query(0, questions=questions))])

    assert alert.best.lookup is not None
    assert NAME == alert.best.lookup.qname


def test_now_never_goes_back() -> None:
    """
    A frame or an event from the past, and a `now` behind what was seen, are taken at the
    latest time seen.
    """
    whole = river(taps=frozenset({"verdicts"}))
    list(whole([frame(query(100, qname="else.example"))], at(100)))

    values = list(whole(played(("bot", 0, 0, 1, 0)), at(50)))

    assert {at(100)} == {value.at for value in values if isinstance(value, Verdict)}
    assert [at(100)] == [value.created for value in values if isinstance(value, Alert)][:1]


def test_other_traffic_moves_the_time() -> None:
    """
    Every captured frame does: one that is no DNS makes due what waits, at its own time; and what
    is left at the end leaves at the latest time seen.
    """
    arp = Frame(at(500), bytes(12) + b"\x08\x06" + bytes(28), 1, 42)
    items = exchange()

    assert at(0.02) == alerts(items)[0].created
    assert at(15) == alerts([*items, arp])[0].created
    assert [at(500)] == [value.at for value in told([*items, arp]) if isinstance(value, Verdict)][
        -1:
    ]


def test_deadline_is_the_earliest_of_all_stages() -> None:
    """
    Nothing waits at first; then the lookup's end, the alert's hold and the rest in turn.
    """
    whole = river()
    assert END == whole.deadline()

    list(whole(exchange(), at(0.02)))

    assert at(2) + 1 == whole.deadline()
    list(whole([], at(3)))
    assert at(15) == whole.deadline()


def test_octets_that_are_no_dns_pass() -> None:
    """
    Off the DNS ports they are packets of something else.
    """
    whole = river()

    values = list(whole([datagram(at(0), (CLIENT, 4000), (SERVER, 4444), b"x" * 64)], END))

    assert [] == values
    assert (1, 0) == (whole.counters.frames, whole.counters.dns_messages)


def test_settings_choose_the_ports() -> None:
    """
    With another DNS port configured its messages count, and those on 53 have to have the shape.
    """
    whole = river(ports=frozenset({5300}))

    list(whole([*exchange(), *exchange(1, server_port=5300)], END))

    assert 2 == whole.counters.dns_messages
    assert 2 == whole.counters.anomalies[Anomaly.NONSTANDARD_PORT]
