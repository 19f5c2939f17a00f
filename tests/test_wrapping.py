"""However DNS messages travel, the same messages come out (see tests/wrapping.py)."""

import pickle
import random
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

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


# Most of a journey is drawn from one seed, so shrinking it takes long and says little; a failing
# one is made again from what @reproduce_failure prints.
UNSHRUNK: Final = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@settings(UNSHRUNK, max_examples=150)
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


@settings(UNSHRUNK, max_examples=30)
@given(journeys(), st.integers(0, 2**32))
def test_cut_and_freeze_on_the_way(journey: Journey, seed: int) -> None:
    """
    In batches of any size, and frozen between them, with fragments and segments under way, the
    river tells the same.
    """
    chance = random.Random(seed)
    rest = journey.frames
    piecewise = river()
    told: list[object] = []

    while rest:
        size = chance.choice([1, 1, 2, 5, 50])
        batch, rest = rest[:size], rest[size:]
        told += piecewise(batch, batch[-1].at)
        if chance.random() < 0.2:
            piecewise = pickle.loads(pickle.dumps(piecewise))  # noqa: S301
    told += piecewise([], END)

    assert list(river()(journey.frames, END)) == told
