"""Doubles: a packet that a mirror showed twice."""

import msgspec
import pytest

from sensor import doubles
from sensor.anomalies import Anomaly
from sensor.dns.message import Message
from sensor.doubles import Doubles
from sensor.stage import END
from tests.traffic import OTHER_CLIENT, at, query, response, through


def marks(*messages: Message) -> list[bool]:
    """Which of them are doubles."""
    return [
        Anomaly.MIRRORED_DUPLICATE in message.anomalies for message in through(Doubles(), messages)
    ]


def test_same_packet_within_the_window_is_a_double() -> None:
    """
    A second copy up to 100 ms after the first is marked; one later is a packet of its own.
    """
    copies = [query(when, identification=1) for when in (0, 0.04, 0.1, 0.101)]

    assert [False, True, True, False] == marks(*copies)


def test_window_counts_from_the_first() -> None:
    """
    A double does not stretch the window for the next one; a packet of its own begins a new one.
    """
    copies = [query(when, identification=1) for when in (0, 0.09, 0.18, 0.27, 0.29)]

    assert [False, True, False, True, False] == marks(*copies)


@pytest.mark.parametrize(
    "changed",
    [
        {"interface": "span1"},
        {"vlans": (10,)},
        {"path": ("ethernet", "vlan:10", "ipv4", "gre", "ipv4", "udp")},
    ],
)
def test_way_to_the_tap_does_not_matter(changed: dict[str, object]) -> None:
    """
    A copy seen on another interface, in another VLAN or a tunnel is a double.
    """
    packet = query()
    copy = msgspec.structs.replace(packet, **changed)

    assert [False, True] == marks(packet, copy)


@pytest.mark.parametrize(
    "other",
    [
        query(client=OTHER_CLIENT),
        query(port=50002),
        query(server="10.20.0.54"),
        query(server_port=5353),
        query(identification=2),
        query(ident=8),
        response(),
    ],
)
def test_another_packet_is_no_double(other: Message) -> None:
    """
    Addresses, ports, identification and payload all have to be the same.
    """
    assert [False, False] == marks(query(), other)


def test_no_identification_compares_equal() -> None:
    """
    IPv6 has no identification: the rest decides.
    """
    packet = msgspec.structs.replace(query(), identification=None)

    assert [False, True] == marks(packet, packet)


def test_copies_captured_in_the_wrong_order() -> None:
    """
    The copy captured second is the double, even if its time is before the first's, and though
    the river's `now` is past both.
    """
    late = [query(1, qname="else.example"), query(0.5, identification=1)]

    assert [False, False, True] == marks(*late, query(0.45, identification=1))


def test_a_packet_long_before_is_no_double() -> None:
    """
    The window reaches as far back as forward.
    """
    assert [False, False] == marks(query(0.5, identification=1), query(0.399, identification=1))


def test_other_traffic_changes_nothing() -> None:
    """
    Whether a copy is a double depends on `now` and on its packet, on no third packet.
    """
    with_another, without = Doubles(), Doubles()
    marked = []
    for stage, items in (
        (with_another, [query(0.6, qname="else.example"), query(0, identification=1)]),
        (without, [query(0, identification=1)]),
    ):
        through(stage, [], at(0.5))
        through(stage, items, at(0.6))
        through(stage, [], at(0.9))
        (copy,) = through(stage, [query(0.05, identification=1)], at(0.9))
        marked.append(copy)

    assert marked[0] == marked[1]
    assert Anomaly.MIRRORED_DUPLICATE in marked[0].anomalies


def test_double_keeps_its_other_anomalies() -> None:
    """
    The mark is added to what the packet showed already.
    """
    packet = msgspec.structs.replace(query(), anomalies=(Anomaly.LENGTH_MISMATCH,))

    copy = through(Doubles(), [packet, packet])[1]

    assert (Anomaly.LENGTH_MISMATCH, Anomaly.MIRRORED_DUPLICATE) == copy.anomalies


def test_nothing_is_kept_for_long() -> None:
    """
    A second after the last packet nothing is held, nor at the end; there is nothing to wait for.
    """
    stage = Doubles()
    through(stage, [query(n / 1000, ident=n) for n in range(100)], at(0.1))
    assert END == stage.deadline()
    held = len(stage._seen)
    through(stage, [], at(1.2))

    assert (100, 0) == (held, len(stage._seen))


def test_a_flood_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound the oldest is let go and counted; its double then counts as a packet.
    """
    monkeypatch.setattr(doubles, "MOST", 10)
    stage = Doubles()
    packets = [query(0, ident=n) for n in range(11)]

    marked = through(stage, [*packets, packets[10], packets[0]], at(0))

    assert 10 == len(stage._seen)
    assert 2 == stage.evicted
    assert [True, False] == [Anomaly.MIRRORED_DUPLICATE in each.anomalies for each in marked[-2:]]
