"""However DNS messages travel, the same messages come out (see tests/wrapping.py)."""

from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings

from sensor.anomalies import Anomaly
from sensor.dns.decode import decode
from sensor.dns.message import Message
from sensor.stage import END
from tests.worlds import river
from tests.wrapping import Journey, Sent, journeys


def received(journey: Journey) -> list[Message]:
    """The messages of the journey's frames, without those that a mirror showed twice."""
    told = river(taps=frozenset({"messages"}))(journey.frames, END)
    messages = [value for value in told if isinstance(value, Message)]
    return [each for each in messages if Anomaly.MIRRORED_DUPLICATE not in each.anomalies]


def shown(message: Message) -> tuple[object, ...]:
    flow = (message.src, message.sport, message.dst, message.dport, message.transport)
    return (*flow, repr(message.dns))


def expected(sent: Sent) -> tuple[object, ...]:
    return (*sent[:5], repr(decode(sent.wire)))


# Most of a journey is drawn from one seed, so shrinking it takes long and says little.
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(journeys())
def test_the_same_messages_come_out(journey: Journey) -> None:
    """
    Wrapped, in fragments and segments, mixed and repeated, every message comes out once, and as it
    was sent; those of one connection in their order.
    """
    messages = received(journey)

    assert Counter(map(expected, journey.sent)) == Counter(map(shown, messages))
    for client in {sent.src for sent in journey.sent if sent.transport == "tcp"}:
        of_client = [sent for sent in journey.sent if (client, "tcp") == (sent.src, sent.transport)]
        in_order = [m for m in messages if (client, "tcp") == (m.src, m.transport)]
        assert list(map(expected, of_client)) == list(map(shown, in_order))
