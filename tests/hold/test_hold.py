"""What is held back makes no difference to what the river tells of watched names."""

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.decap.unwrap import Unwrap
from sensor.fragments import MOST
from sensor.frame import Frame
from sensor.hold import segments
from sensor.hold.hold import FORGOTTEN, Hold
from sensor.pipeline import Value
from sensor.sieve.frame import judge
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.sieve.tables import Tables
from sensor.stage import END, SECOND
from sensor.streams import MOST_HALF_OPEN
from tests.dns.messages import QUERY, header, question, wire_name
from tests.hold import parts
from tests.traffic import at
from tests.worlds import river

TABLES: Final = Tables.of(
    ["api.telegram.org"], frozenset({53}), any_port=True, key=bytes(range(16))
)


class Told(NamedTuple):
    """What came out: values, messages on DNS ports, frames that went down the river."""

    values: list[Value]
    messages: int
    passed: list[Frame]
    hold: Hold


def judged(frame: Frame) -> Reason:
    octets = np.frombuffer(frame.data, dtype=np.uint8)
    return Reason(judge(octets, 0, len(octets), frame.length, frame.link, *TABLES.arguments))


def begun() -> Hold:
    return Hold(TABLES.arguments, Unwrap())


def whole(frames: Sequence[Frame]) -> Told:
    """All frames go down the river."""
    stream = river(taps=frozenset({"verdicts"}), feed=False)
    values: list[Value] = []
    for frame in frames:
        values += stream([frame], 0)
    values += stream([], END)
    return Told(values, stream.counters.dns_messages, list(frames), begun())


def held(frames: Sequence[Frame]) -> Told:
    """Those go down that pass the sieve, when they are let go."""
    stream = river(taps=frozenset({"verdicts"}), feed=False)
    hold = begun()
    values: list[Value] = []
    passed: list[Frame] = []
    now = messages = 0
    for frame in frames:
        now = max(now, frame.at)
        reason = judged(frame)
        messages += reason == Reason.DROPPED_DNS
        for passing in hold(now, frame, reason) if reason > LAST_DROPPED else ():
            passed.append(passing)
            if passing.late is None:
                values += stream([], now if passing.at < now else 0)
            values += stream([passing], 0)
    hold.finish()
    values += stream([], now)
    values += stream([], END)
    messages += stream.counters.dns_messages + hold.tally.messages
    return Told(values, messages, passed, hold)


def framed(packets: Sequence[bytes], *, since: float = 0, step: float = 0.001) -> list[Frame]:
    """Put IP packets in frames, one after another."""
    return [
        Frame(
            at=at(since + place * step),
            data=bytes(12) + parts.ethertype(packet) + packet,
            link=1,
            length=14 + len(packet),
        )
        for place, packet in enumerate(packets)
    ]


def asking(name: bytes = b"www.example.com") -> bytes:
    return header(flags=QUERY) + question(wire_name(*name.split(b".")))


WATCHED: Final = asking(b"api.telegram.org")


def connection(*messages: bytes, port: int = 50001) -> list[bytes]:
    """What a client sends on one connection."""
    sequence = 1001
    steps = [parts.tcp((port, 53), 1000, parts.SYN)]
    for octets in map(parts.prefixed, messages):
        steps.append(parts.tcp((port, 53), sequence, parts.ACK, octets))
        sequence += len(octets)
    steps.append(parts.tcp((port, 53), sequence, parts.FIN))
    return [parts.ip(4, 6, step, 1) for step in steps]


def pieces(payload: bytes, number: int = 1) -> list[bytes]:
    """A datagram to port 53, in two pieces."""
    return parts.fragments(parts.ip(4, 17, parts.udp(50001, 53, payload), 1), 16, number=number)


@settings(deadline=None, max_examples=250)
@given(st.integers(0, 2**64), st.sampled_from([0.0, 0.0, 0.03, 0.1, 0.4]))
def test_holding_changes_nothing(seed: int, trouble: float) -> None:
    """
    With frames held back the verdicts, the alerts and the number of messages are the same.
    """
    frames = list(parts.traffic(random.Random(seed), talks=20, trouble=trouble))

    expected, actual = whole(frames), held(frames)

    assert expected.values == actual.values
    assert expected.messages == actual.messages


def test_the_traffic_is_what_it_is_here_for() -> None:
    """
    In it frames are held and dropped, held and let go, passed at once; names are watched.
    """
    dropped = late = at_once = values = 0
    for seed in range(60):
        frames = list(parts.traffic(random.Random(seed), talks=20, trouble=0.03))
        told = held(frames)
        dropped += len(frames) - len(told.passed)
        late += sum(frame.late is not None for frame in told.passed)
        at_once += sum(frame.late is None for frame in told.passed)
        values += len(told.values)

    assert min(dropped, late, at_once, values) > 500


@pytest.mark.parametrize(
    ("packets", "messages"),
    [
        (pieces(asking()), 1),
        (pieces(asking())[::-1], 1),
        ([each for each in pieces(asking()) for _ in range(2)], 1),
        (pieces(asking()) * 2, 2),
        (connection(asking()), 1),
        (connection(asking(), asking()), 2),
        ([each for each in connection(asking()) for _ in range(2)], 1),
        (connection(asking()) + connection(asking(), port=50002), 2),
    ],
    ids=[
        "two pieces",
        "the last first",
        "each piece twice",
        "the datagram twice",
        "one query",
        "two queries",
        "each segment twice",
        "two connections",
    ],
)
def test_what_goes_as_it_should_goes_no_further(packets: list[bytes], messages: int) -> None:
    """
    Of names that nobody watches nothing passes; the messages are counted as the river counts.
    """
    frames = framed(packets)
    told = held(frames)

    assert [] == told.passed
    assert len(frames) == told.hold.tally.frames
    assert sum(len(frame.data) for frame in frames) == told.hold.tally.octets
    assert messages == told.messages == whole(frames).messages


@pytest.mark.parametrize(
    "packets",
    [pieces(WATCHED), pieces(WATCHED)[::-1], connection(asking(), WATCHED)[:-1]],
    ids=["pieces", "the last first", "segments"],
)
def test_a_watched_name_lets_all_go(packets: list[bytes]) -> None:
    """
    All that was held passes with the time at which it came, then the frame that shows the name.
    """
    frames = framed(packets)
    told = held(frames)

    assert [frame.data for frame in frames] == [frame.data for frame in told.passed]
    assert [*(frame.at for frame in frames[:-1]), None] == [frame.late for frame in told.passed]
    assert 0 == told.hold.tally.frames == told.hold.tally.octets == told.hold.tally.messages
    assert told.values


def test_a_part_in_a_tunnel_lets_go_what_it_may_belong_to() -> None:
    """
    A segment of the same connection through GRE: the river has all of both.
    """
    opened, asked, _ = connection(WATCHED)
    through = parts.ip(4, 47, b"\0\0\x08\0" + asked, 9)
    told = held(framed([opened, through]))

    assert 2 == len(told.passed)
    assert told.values


def test_what_a_datagram_may_hold_ends_the_holding() -> None:
    """
    A segment in pieces: its connection is let go, and for a while nothing is held.
    """
    opened, asked, ended = connection(WATCHED)
    frames = framed([opened, *parts.fragments(asked, 24), ended])
    soon = framed(connection(asking(), port=50002), since=1)
    late = framed(connection(asking(), port=50003), since=FORGOTTEN / SECOND + 2)
    told = held([*frames, *soon, *late])

    assert [*frames, *soon] == sorted(
        (Frame(each.at, each.data, each.link, each.length) for each in told.passed),
        key=lambda frame: frame.at,
    )
    assert whole([*frames, *soon, *late]).values == told.values


def test_bounds() -> None:
    """
    Pieces, half-open connections and streams leave when there are too many, counted by name.
    """
    hold = begun()
    many = 20_000
    for number in range(many):
        port = 1024 + number % 60_000
        client = bytes([10, 20, *number.to_bytes(2)])
        for packet in (pieces(asking())[0], *connection(asking() + bytes(500), port=port)[:2]):
            source = packet[:12] + client + packet[16:]
            (frame,) = framed([source])
            assert () == tuple(hold(frame.at, frame, judged(frame)))
    evicted = hold.tally.evicted

    assert many - MOST == evicted["fragments"]
    assert many - segments.OCTETS // 3_000 < evicted["streams"] < many
    assert 0 == evicted["half_open"]


def test_a_flood_of_syns_pushes_out_no_stream() -> None:
    """
    Half-open connections have a table of their own.
    """
    hold = begun()
    for packet in connection(asking())[:2]:
        (frame,) = framed([packet])
        hold(frame.at, frame, judged(frame))
    opened = connection()[0]
    for number in range(MOST_HALF_OPEN + 10):
        (frame,) = framed([opened[:12] + (0x0A400000 + number).to_bytes(4) + opened[16:]])
        assert () == tuple(hold(frame.at, frame, judged(frame)))
    second = parts.ip(4, 6, parts.tcp((50001, 53), 1001 + 2 + len(asking()), parts.ACK, b"\0"), 1)
    (frame,) = framed([second])

    assert 10 == hold.tally.evicted["half_open"]
    assert () == tuple(hold(frame.at, frame, judged(frame)))


def test_what_never_becomes_whole_is_counted() -> None:
    """
    A datagram without its last piece, and a message without its end.
    """
    opened, asked, _ = connection(asking())
    told = held(framed([pieces(asking())[0], opened, asked[:2] + b"\0\x2d" + asked[4:45]]))

    assert [] == told.passed
    expected = {Anomaly.FRAGMENTS_INCOMPLETE: 1, Anomaly.STREAM_INCOMPLETE: 1}
    assert expected == dict(told.hold.tally.anomalies)
