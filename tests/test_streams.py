"""Streams: TCP segments of one direction in, DNS messages out."""

import pickle
import random
import struct
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor import direction, resync, streams
from sensor.anomalies import Anomaly
from sensor.direction import GAP_WAIT, MOST_PIECES, REACH
from sensor.packet import Packet
from sensor.stage import END, MILLISECOND, SECOND, Nanoseconds, Stage
from sensor.streams import FIN, IDLE, LINGER, RST, SYN, Streams
from tests.dns.messages import header, pointer, question, record, response, wire_name
from tests.traffic import CLIENT, OTHER_CLIENT, SERVER, at, through

ACK: Final = 0x10
ISN: Final = 1_000_000
BEGIN: Final = ISN + 1
WRAP: Final = 1 << 32


def asked(number: int = 1, *labels: bytes) -> bytes:
    """A query, its id the number."""
    name = wire_name(*(labels or (b"api", b"telegram", b"org")))
    return header(flags=0x0100, ident=number) + question(name)


def framed(*messages: bytes) -> bytes:
    """Messages as they stand in a stream, each behind its length."""
    return b"".join(struct.pack("!H", len(message)) + message for message in messages)


def segment(
    octets: bytes = b"",
    sequence: int = BEGIN,
    *,
    when: float = 0,
    control: int = ACK,
    client: str = CLIENT,
    port: int = 50001,
    identification: int = 1,
    anomalies: tuple[Anomaly, ...] = (),
) -> Packet:
    return Packet(
        at=at(when),
        src=client,
        sport=port,
        dst=SERVER,
        dport=53,
        transport="tcp",
        path=("ethernet", "ipv4", "tcp"),
        payload=octets,
        identification=identification,
        anomalies=anomalies,
        sequence=sequence % WRAP,
        control=control,
    )


def opened(sequence: int = ISN, *, when: float = 0, control: int = SYN, **of: Any) -> Packet:
    """The SYN, which takes up the number before the first octet's."""
    return segment(sequence=sequence, when=when, control=control, **of)


def pieces(octets: bytes, size: int, sequence: int = BEGIN, **of: Any) -> list[Packet]:
    """A stream's octets in segments of one size."""
    return [
        segment(octets[start : start + size], sequence + start, **of)
        for start in range(0, len(octets), size)
    ]


def payloads(told: Iterable[Packet]) -> list[bytes]:
    """The messages told; what has no payload is none."""
    return [packet.payload for packet in told if packet.payload]


def noted(told: Iterable[Packet]) -> list[tuple[bool, tuple[Anomaly, ...]]]:
    """Of each packet told: whether it is a message, and its anomalies."""
    return [(bool(packet.payload), packet.anomalies) for packet in told]


def cut(*packets: Packet) -> list[bytes]:
    """The messages in these packets, to the end."""
    return payloads(through(Streams(), packets))


MESSAGES: Final = [asked(1), asked(2, b"www", b"example"), asked(3)]
MIDDLE: Final = len(framed(MESSAGES[0]))
LAST: Final = len(framed(*MESSAGES[:2]))


# --- messages and segments -----------------------------------------------------------------------


def test_several_messages_in_a_segment() -> None:
    """
    Each message of a segment leaves by itself, in order.
    """
    assert MESSAGES == cut(opened(), segment(framed(*MESSAGES)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 29, 30, 31, 60])
def test_messages_over_many_segments(size: int) -> None:
    """
    Wherever the stream is cut, within a length prefix too, the messages are the same; each leaves
    with the segment that completes it.
    """
    stage = Streams()
    told = [through(stage, [packet], 0) for packet in (opened(), *pieces(framed(*MESSAGES), size))]

    assert MESSAGES == payloads(packet for each in told for packet in each)
    ends = [len(framed(*MESSAGES[: n + 1])) for n in range(3)]
    assert [-(-end // size) for end in ends] == [n for n, each in enumerate(told) for _ in each]


def test_message_is_the_completing_segments_packet() -> None:
    """
    Time, path and identification are those of the segment that completed it, the sequence number
    that of its length prefix.
    """
    stream = framed(*MESSAGES)
    first, second, third = stream[:40], stream[40:41], stream[41:]
    told = through(
        Streams(),
        [
            opened(),
            segment(first, when=1, identification=11),
            segment(second, BEGIN + 40, when=2, identification=12),
            msgspec.structs.replace(
                segment(third, BEGIN + 41, when=3, identification=13),
                path=("ethernet", "vlan:9", "ipv4", "tcp"),
                vlans=(9,),
                interface="span1",
            ),
        ],
    )

    assert [(at(1), 11, BEGIN), (at(3), 13, BEGIN + MIDDLE), (at(3), 13, BEGIN + LAST)] == [
        (packet.at, packet.identification, packet.sequence) for packet in told
    ]
    assert [(), (9,), (9,)] == [packet.vlans for packet in told]


def test_completing_is_what_came_last() -> None:
    """
    Of segments out of order the one that came last completes its message, and no other.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[50:], BEGIN + 50, when=1, identification=11),
            segment(stream[:50], when=2, identification=12),
        ],
    )

    assert [12, 12, 11] == [packet.identification for packet in told]


def test_out_of_order() -> None:
    """
    Segments in any order make the same messages.
    """
    parts = pieces(framed(*MESSAGES), 10)

    assert MESSAGES == cut(opened(), *reversed(parts))


def test_retransmitted() -> None:
    """
    A segment that comes again, alone or as part of a longer one, gives nothing twice.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:40]),
            segment(stream[:40], when=0.5),
            segment(stream[10:80], BEGIN + 10, when=1),
            segment(stream, when=2),
            segment(stream[:3], when=3),
        ],
    )

    assert MESSAGES == [packet.payload for packet in told]
    assert [(), (), ()] == [packet.anomalies for packet in told]


@pytest.mark.parametrize("octets", [b"", b"\1"])
def test_overlapping_with_the_same_octets_is_ordinary(octets: bytes) -> None:
    """
    An overlap is an anomaly only where it differs.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[40:80], BEGIN + 40),
            segment(stream[30:60] + octets, BEGIN + 30),
            segment(stream),
        ],
    )

    assert MESSAGES == payloads(told)
    expected = [()] * 3 if not octets else [(Anomaly.SEGMENT_OVERLAP,), (), ()]
    assert expected == [packet.anomalies for packet in told]


def test_overlap_with_what_waits_goes_to_the_first() -> None:
    """
    Other octets for what already waits are noted and lost.
    """
    stream = framed(*MESSAGES)
    forged = bytes(octet ^ 1 for octet in stream)
    told = through(
        Streams(), [opened(), segment(stream[5:], BEGIN + 5), segment(stream[:5] + forged[5:])]
    )

    assert MESSAGES == payloads(told)
    assert [(Anomaly.SEGMENT_OVERLAP,), (), ()] == [packet.anomalies for packet in told]


def test_overlap_with_what_is_not_cut_goes_to_the_first() -> None:
    """
    Other octets for the part of a message at hand are noted and lost.
    """
    stream = framed(*MESSAGES)
    forged = bytes(octet ^ 1 for octet in stream[:20])
    told = through(Streams(), [opened(), segment(stream[:20]), segment(forged + stream[20:])])

    assert MESSAGES == payloads(told)
    assert [(Anomaly.SEGMENT_OVERLAP,), (), ()] == [packet.anomalies for packet in told]


def test_forged_message_at_the_same_place_hides_none() -> None:
    """
    Of two whole messages at one place both are told, whichever the server took, and the stream goes
    on behind the later one; a copy of it is no third.
    """
    for forged in (
        asked(7, b"www"),
        asked(7, b"an", b"innocent", b"name", b"of", b"more", b"octets"),
    ):
        stream = framed(*MESSAGES)
        told = through(
            Streams(),
            [
                opened(),
                segment(framed(forged)),
                segment(stream[:LAST]),
                segment(stream[:LAST]),
                segment(stream[LAST:], BEGIN + LAST),
            ],
        )

        assert [forged, *MESSAGES] == payloads(told)
        assert (Anomaly.SEGMENT_OVERLAP,) == told[1].anomalies


@pytest.mark.parametrize(
    ("octets", "place"), [(b"\xff\xff", 0), (b"\0\0\0", 0), (b"\0" * 9, 20), (b"x", MIDDLE - 1)]
)
def test_forged_part_of_a_message_hides_it_not(octets: bytes, place: int) -> None:
    """
    Nor does a forged length prefix ahead of it, or a forged end.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(octets, BEGIN + place),
            segment(stream[:MIDDLE]),
            *pieces(stream[MIDDLE:], 10, BEGIN + MIDDLE),
        ],
    )

    assert set(MESSAGES) <= set(payloads(told))
    assert len(payloads(told)) <= 4


def test_what_is_at_hand_for_comparing_is_bounded() -> None:
    """
    Of what is cut the last two kilobytes stay.
    """
    stage = Streams()
    messages = [asked(number) for number in range(1_000)]
    through(stage, [opened(), *pieces(framed(*messages), 100)], 0)
    (flow,) = stage._flows.values()

    assert direction.KEPT == len(flow.reading.held) == flow.reading.done


@pytest.mark.parametrize("before", [0, 1, 2, 15, MIDDLE, LAST - 1])
def test_sequence_numbers_begin_again(before: int) -> None:
    """
    After 2^32 − 1 comes 0, wherever in the stream and in what order.
    """
    begin = WRAP - before
    parts = pieces(framed(*MESSAGES), 11, begin)
    told = through(Streams(), [opened(begin - 1), parts[1], parts[0], *reversed(parts[2:])])

    assert MESSAGES == payloads(told)
    assert [(begin + place) % WRAP for place in (0, MIDDLE, LAST)] == [
        each.sequence for each in told
    ]


def test_each_direction_is_a_stream() -> None:
    """
    What the server sends has its own beginning; neither side waits for the other.
    """
    stream = framed(*MESSAGES)
    back = {"src": SERVER, "sport": 53, "dst": CLIENT, "dport": 50001}
    answer = opened(77, control=SYN | ACK)
    told = through(
        Streams(),
        [
            opened(),
            msgspec.structs.replace(answer, **back),
            segment(stream[:10]),
            msgspec.structs.replace(segment(stream, 78), **back),
            segment(stream[10:], BEGIN + 10),
        ],
    )

    assert [(SERVER, each) for each in MESSAGES] + [(CLIENT, each) for each in MESSAGES] == [
        (packet.src, packet.payload) for packet in told
    ]


def test_anomalies_of_all_contributing_segments() -> None:
    """
    A message bears what its segments show, each once, in order, and of no others.
    """
    stream = framed(*MESSAGES)
    fragment, mismatch = (Anomaly.FRAGMENT,), (Anomaly.LENGTH_MISMATCH, Anomaly.FRAGMENT)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:5], anomalies=fragment),
            segment(stream[5:50], BEGIN + 5, anomalies=mismatch),
            segment(stream[50:LAST], BEGIN + 50),
            segment(stream[LAST:], BEGIN + LAST),
        ],
    )

    assert MESSAGES == payloads(told)
    assert [
        (Anomaly.FRAGMENT, Anomaly.LENGTH_MISMATCH),
        (Anomaly.LENGTH_MISMATCH, Anomaly.FRAGMENT),
        (),
    ] == [packet.anomalies for packet in told]


def test_anomalies_of_a_packet_that_brings_nothing() -> None:
    """
    What a bare ACK or a repeated segment shows is told without a message.
    """
    told = through(
        Streams(),
        [
            opened(),
            segment(framed(asked())),
            segment(framed(asked()), anomalies=(Anomaly.FRAGMENT,)),
            segment(sequence=BEGIN + MIDDLE, anomalies=(Anomaly.LENGTH_MISMATCH,)),
        ],
    )

    assert [(True, ()), (False, (Anomaly.FRAGMENT,)), (False, (Anomaly.LENGTH_MISMATCH,))] == noted(
        told
    )


def test_a_length_of_nothing_is_passed_over() -> None:
    """
    A length prefix of zero has no message behind it but the next length prefix.
    """
    stream = b"\0\0" + framed(asked(1)) + b"\0\0\0\0" + framed(asked(2))

    assert [asked(1), asked(2)] == cut(opened(), segment(stream))


def test_longest_message() -> None:
    """
    65,535 octets are one message, in segments of any size.
    """
    longest = bytes(range(256)) * 255 + bytes(255)

    assert [longest, asked()] == cut(opened(), *pieces(framed(longest, asked()), 1460))
    assert [longest, asked()] == cut(opened(), *pieces(framed(longest, asked()), 65_000))


# --- how a stream begins -------------------------------------------------------------------------


def test_data_in_the_syn_counts() -> None:
    """
    TCP Fast Open: the SYN's octets are the stream's first (RFC 7413 §2).
    """
    stream = framed(*MESSAGES)
    first = segment(stream[:40], ISN, control=SYN)

    assert MESSAGES == cut(first, segment(stream[40:], BEGIN + 40))
    assert MESSAGES == cut(first, segment(stream), segment(stream[40:], BEGIN + 40))


def test_half_open_connections_are_no_streams() -> None:
    """
    Connections that only begin push out no stream, however many; the oldest of them leave.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    through(stage, [opened(), segment(stream[:40])], 0)
    flood = (opened(number, port=number % 50_000, client=f"192.0.2.{number // 50_000}")
             for number in range(streams.MOST_HALF_OPEN + 1_000))  # fmt: skip
    through(stage, flood, 0)

    assert streams.MOST_HALF_OPEN == len(stage._half_open)
    assert {"half_open": 1_000} == dict(stage.evicted)
    assert MESSAGES[1:] == payloads(through(stage, [segment(stream[40:], BEGIN + 40)]))


def test_syn_before_everything_counts_after_any_time() -> None:
    """
    The first data may come long after the SYN, and its first segment may come second.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [opened(), segment(stream[20:], BEGIN + 20, when=300), segment(stream[:20], when=301)],
    )

    assert [(True, ())] * 3 == noted(told)
    assert MESSAGES == payloads(told)


def test_new_syn_begins_anew() -> None:
    """
    The same ports with another first number are another connection: its messages are whole, and
    what was incomplete in the one before is told.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:40]),
            opened(ISN + 500_000, when=1),
            segment(stream[:7], BEGIN + 500_000, when=1),
            segment(stream[7:], BEGIN + 500_007, when=1),
        ],
    )

    assert [MESSAGES[0], *MESSAGES] == payloads(told)
    assert (False, (Anomaly.STREAM_INCOMPLETE,)) == noted(told)[-1]


def test_old_connection_is_read_beside_the_new() -> None:
    """
    A mirror's late copies of the connection before neither disturb the new one nor give anything
    twice.
    """
    stream = framed(*MESSAGES)
    new = ISN + 70_000
    told = through(
        Streams(),
        [
            opened(),
            segment(stream),
            opened(new),
            segment(stream[:40], new + 1),
            opened(),
            segment(stream),
            segment(stream[40:], new + 41),
        ],
    )

    assert MESSAGES * 2 == payloads(told)
    assert [()] * 6 == [packet.anomalies for packet in told]


@pytest.mark.parametrize("forged", [ISN + 100, ISN + 5_000_000, 7])
def test_forged_syn_hides_nothing(forged: int) -> None:
    """
    After a SYN with another number, and data behind it, the stream goes on where it was.
    """
    stream = framed(*MESSAGES)
    lie = framed(asked(9))
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:40]),
            opened(forged),
            segment(lie, forged + 1),
            *pieces(stream[40:], 9, BEGIN + 40),
        ],
    )

    assert MESSAGES == [message for message in payloads(told) if message != asked(9)]


# --- midway --------------------------------------------------------------------------------------


def test_capture_that_starts_midway() -> None:
    """
    Without SYN the first message is found at the segment's start and says so; the next is ordinary.
    """
    told = through(Streams(), pieces(framed(*MESSAGES), 40))

    assert MESSAGES == payloads(told)
    assert [(Anomaly.STREAM_MIDWAY,), (), ()] == [packet.anomalies for packet in told]


@pytest.mark.parametrize("start", range(1, MIDDLE - 1))
@pytest.mark.parametrize("size", [1, 5, 100])
def test_capture_that_starts_within_a_message(start: int, size: int) -> None:
    """
    Of a message cut by the capture's start nothing is told; the next one is found, wherever it
    stands in a segment and however its octets come.
    """
    told = through(Streams(), pieces(framed(*MESSAGES)[start:], size, BEGIN + start))

    assert MESSAGES[1:] == payloads(told)
    assert [(Anomaly.STREAM_MIDWAY,), ()] == [packet.anomalies for packet in told]
    assert BEGIN + MIDDLE == told[0].sequence


def test_search_finds_a_long_message() -> None:
    """
    A plausible beginning waits until the whole message has come.
    """
    records = [record(pointer(12), 16, bytes([250]) + bytes(250)) for _ in range(200)]
    long = response(*records)
    stream = framed(long, asked())
    stage = Streams()
    parts = pieces(stream, 1460)

    assert [] == through(stage, parts[:-1], 0)
    assert [long, asked()] == payloads(through(stage, parts[-1:], 0))


def test_search_gives_up_a_beginning_that_does_not_hold() -> None:
    """
    What looks like the beginning of a longer message does not hide the whole ones behind it: they
    are found once it turns out wrong, or nothing more comes.
    """
    false = struct.pack("!H", 300) + asked(9)
    right = framed(*MESSAGES)
    stage = Streams()

    assert [] == through(stage, [segment(false + right)], 0)
    grown = pickle.loads(pickle.dumps(stage))  # noqa: S301
    more = framed(*([asked(4)] * 7))
    told = through(grown, [segment(more, BEGIN + len(false + right))], 0)
    assert [*MESSAGES, *[asked(4)] * 7] == payloads(told)
    assert MESSAGES == payloads(through(stage, [], END))


def test_search_finds_a_zone_transfer() -> None:
    """
    A later message of a transfer has answers and no question (RFC 5936 §2.2.2).
    """
    owner = wire_name(b"host", b"example")
    carried = header(flags=0x8400, counts=(0, 2, 0, 0)) + record(owner, 1, b"\1\2\3\4") * 2
    told = through(Streams(), pieces(b"\7\7\7" + framed(carried, carried), 33))

    assert [carried, carried] == payloads(told)


@pytest.mark.parametrize(
    "octets",
    [
        bytes(3000),
        b"\xff" * 3000,
        b"\0\1" * 1500,
        b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n" * 50,
        b"\x16\3\1\2\0\1\0\1\xfc\3\3" * 200,
        asked()[:20] * 100,
        header(counts=(1, 0, 0, 0)) * 200,
        framed(header(flags=0x0100) + b"\5abcde\0\0\1\0\2") * 50,
    ],
)
def test_search_takes_nothing_else(octets: bytes) -> None:
    """
    What is no DNS message in shape is none midway, even if it resembles one.
    """
    assert [] == cut(*pieces(octets, 500))


def test_search_takes_no_random_octets() -> None:
    """
    A megabyte of random octets holds no message.
    """
    octets = random.Random(5).randbytes(1 << 20)

    assert [] == cut(*pieces(octets, 1460))


def test_search_does_a_bounded_number_of_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    However many beginnings octets hold, a segment's are looked at so many times, each at most
    as long as the message; the next segment is looked at anew.
    """
    looked = []
    is_whole = resync._is_whole

    def counted(data: bytearray, place: int) -> bool:
        looked.append(place)
        return is_whole(data, place)

    monkeypatch.setattr(resync, "_is_whole", counted)
    octets = (b"\0\x12" + header(flags=0x0100) + b"\0\0\1\0\1") * 80
    told = through(Streams(), [segment(octets), segment(framed(asked()), BEGIN + len(octets))], 0)

    assert [asked()] == payloads(told)
    assert resync.MOST_CHECKS + 1 == len(looked)


def test_seen_first_though_sent_second() -> None:
    """
    Midway, a segment that stands before the first one seen was never seen: it is read too.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(), [segment(stream[MIDDLE:LAST], BEGIN + MIDDLE), segment(stream[:MIDDLE]),
                    segment(stream[LAST:], BEGIN + LAST)]
    )  # fmt: skip

    assert sorted(MESSAGES) == sorted(payloads(told))


# --- gaps ----------------------------------------------------------------------------------------


def gapped(lost: slice, octets: bytes, when: float = 0, size: int = 10) -> list[Packet]:
    """A stream in segments, without some of them."""
    parts = pieces(octets, size, when=when)
    gone = parts[lost]
    return [opened(), *(part for part in parts if part not in gone)]


def test_later_data_waits_for_a_lost_segment() -> None:
    """
    It waits `GAP_WAIT` of event time from when it came, and is told then, with the time at which
    it was complete.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    early = through(stage, [opened(), segment(stream[MIDDLE:], BEGIN + MIDDLE, when=1)], at(2))
    due = stage.deadline()

    assert [] == early
    assert at(1) + GAP_WAIT == due
    assert [] == through(stage, [], due - 1)
    told = through(stage, [], due)
    assert MESSAGES[1:] == payloads(told)
    assert [(Anomaly.SEGMENT_LOST,), ()] == [packet.anomalies for packet in told]
    assert {at(1)} == {packet.at for packet in told}


def test_retransmission_in_time_closes_the_gap() -> None:
    """
    What comes before that leaves nothing lost.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [opened(), segment(stream[MIDDLE:], BEGIN + MIDDLE), segment(stream[:MIDDLE], when=1.499)],
    )

    assert [(True, ())] * 3 == noted(told)


@pytest.mark.parametrize("lost", range(10))
def test_a_lost_segment_loses_the_messages_it_touched(lost: int) -> None:
    """
    Of ten messages in segments of ten octets each lost one takes those with it of which it held an
    octet, and no other.
    """
    messages = [asked(number) for number in range(10)]
    stream = framed(*messages)
    size = len(stream) // 10
    dropped = lost * size + 5
    begin, end = dropped, dropped + 10
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:begin]),
            *pieces(stream[end:], 10, BEGIN + end, when=0.1),
        ],
    )

    assert [each for number, each in enumerate(messages) if number != lost] == payloads(told)
    assert 1 == sum(packet.anomalies == (Anomaly.SEGMENT_LOST,) for packet in told)


def test_length_tells_where_the_next_message_begins() -> None:
    """
    Behind a gap in a long message the next one is found by count, even where it is in no shape
    that could be searched for.
    """
    long, odd = bytes(5_000), b"no DNS at all"
    stream = framed(long, odd)
    told = through(Streams(), gapped(slice(1, 2), stream, size=1000))

    assert [odd] == payloads(told)
    assert [(Anomaly.SEGMENT_LOST,)] == [packet.anomalies for packet in told]


def test_length_counts_over_what_is_yet_to_come() -> None:
    """
    The gap is given up before the rest of its message comes; the count goes on.
    """
    long, odd = bytes(5_000), b"no DNS at all"
    parts = pieces(framed(long, odd), 1000)
    late = [msgspec.structs.replace(part, at=at(7)) for part in parts[3:]]
    told = through(Streams(), [opened(), parts[0], parts[2], *late])

    assert [odd] == payloads(told)


def test_length_that_is_lost_itself() -> None:
    """
    Where the length prefix is lost too, the first segment behind the gap is searched.
    """
    stream = framed(*MESSAGES)
    told = through(Streams(), [opened(), segment(stream[:1]), segment(stream[50:], BEGIN + 50)])

    assert MESSAGES[2:] == payloads(told)
    assert [(Anomaly.SEGMENT_LOST,)] == [packet.anomalies for packet in told]


def test_several_gaps_end_at_their_own_times() -> None:
    """
    Each piece waits no longer than `GAP_WAIT`; a gap before it is given up with it.
    """
    stream = framed(*(asked(number) for number in range(6)))
    size = len(stream) // 6
    parts = pieces(stream, size)
    stage = Streams()
    for number, when in ((0, 0.0), (2, 0.5), (4, 1.0)):
        through(stage, [opened(), msgspec.structs.replace(parts[number], at=at(when))], 0)

    assert [asked(2)] == payloads(through(stage, [], at(2)))
    assert [asked(4)] == payloads(through(stage, [], at(2.5)))


def test_first_segments_out_of_order_midway_are_joined() -> None:
    """
    Where no SYN says which is the first, what lay in front of what came first completes it.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [segment(stream[MIDDLE:], BEGIN + MIDDLE), segment(stream[:MIDDLE], when=0.001)],
    )

    assert MESSAGES[0] in payloads(told)
    assert sorted(MESSAGES) == sorted(set(payloads(told)))
    assert len(MESSAGES) == len(payloads(told))


def test_late_data_is_read_after_all() -> None:
    """
    What comes after its gap was given up completes the message that was cut off.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:10]),
            segment(stream[20:], BEGIN + 20),
            segment(stream[10:20], BEGIN + 10, when=9),
        ],
    )

    assert [MESSAGES[1], MESSAGES[2], MESSAGES[0]] == payloads(told)


def test_forged_segment_ahead_hides_nothing() -> None:
    """
    A segment ahead that its receiver never saw is read when its gap is given up; the stream goes
    on where it was all the same, within a message even.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:40]),
            segment(framed(asked(9)), BEGIN + 50_000),
            segment(stream[40:50], BEGIN + 40, when=8),
            segment(stream[50:], BEGIN + 50, when=16),
        ],
    )

    assert MESSAGES == [message for message in payloads(told) if message != asked(9)]


@pytest.mark.parametrize("far", [REACH + 1_000, -REACH - 1_000, 1 << 31, 1 << 30])
def test_segment_far_off_begins_anew(far: int) -> None:
    """
    What lies far from the place reached is read midway, not swallowed; and the stream goes on.
    """
    stream = framed(*MESSAGES)
    elsewhere = BEGIN + far
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[:40]),
            segment(framed(asked(9))[:20], elsewhere),
            segment(stream[40:50], BEGIN + 40),
            segment(framed(asked(9))[20:], elsewhere + 20),
            segment(stream[50:], BEGIN + 50),
        ],
    )

    assert [MESSAGES[0], asked(9), *MESSAGES[1:]] == payloads(told)
    assert [(), (Anomaly.STREAM_MIDWAY,), (), ()] == [packet.anomalies for packet in told]


def test_waiting_data_is_bounded() -> None:
    """
    Behind a gap so many pieces wait, and so many octets; then it is given up at once.
    """
    stage = Streams()
    far = [segment(b"x", BEGIN + 2 * number) for number in range(1, MOST_PIECES + 1)]
    assert [] == through(stage, [opened(), *far], 0)
    assert MOST_PIECES == len(next(iter(stage._flows.values())).reading.waiting)
    through(stage, [segment(b"x", BEGIN + 2_000)], 0)
    assert MOST_PIECES == len(next(iter(stage._flows.values())).reading.waiting)

    messages = [asked(number) for number in range(5_000)]
    parts = pieces(framed(*messages), 1460)
    told = through(Streams(), [opened(), *parts[1:]], 0)
    held = direction.MOST_WAITING // MIDDLE + 1460
    assert messages[-1] == told[-1].payload
    assert len(messages) - held < len(told)


# --- how a stream ends ---------------------------------------------------------------------------


@pytest.mark.parametrize("bit", [FIN, RST])
def test_end_tells_what_is_incomplete(bit: int) -> None:
    """
    A while after FIN or RST a message's beginning is told for lost, and nothing is kept.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    told = through(
        stage, [opened(), segment(stream[:40]), segment(sequence=BEGIN + 40, control=bit)], at(1)
    )
    assert [(True, ())] == noted(told)
    assert at(0) + LINGER == stage.deadline()

    told = through(stage, [], at(0) + LINGER)

    assert [(False, (Anomaly.STREAM_INCOMPLETE,))] == noted(told)
    assert [(at(0) + LINGER, b"", BEGIN + MIDDLE, CLIENT)] == [
        (packet.at, packet.payload, packet.sequence, packet.src) for packet in told
    ]
    assert not stage._flows
    assert END == stage.deadline()


def test_end_of_what_is_complete_tells_nothing() -> None:
    """
    A connection that ends between messages leaves nothing to tell.
    """
    stage = Streams()
    told = through(stage, [opened(), segment(framed(asked()), control=FIN | ACK)], at(0) + LINGER)

    assert [asked()] == payloads(told)
    assert 1 == len(told)
    assert not stage._flows


@pytest.mark.parametrize("bit", [FIN, RST])
def test_end_tells_what_waits(bit: int) -> None:
    """
    Behind a gap what waits is read once the stream ends.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(stream[LAST:], BEGIN + LAST),
            segment(sequence=BEGIN + len(stream), control=bit),
        ],
        at(0) + LINGER,
    )

    assert [MESSAGES[2]] == payloads(told)
    assert [(Anomaly.SEGMENT_LOST,)] == [packet.anomalies for packet in told]


def test_data_behind_a_forged_rst() -> None:
    """
    A stream goes on after an RST for as long as its data comes.
    """
    stream = framed(*MESSAGES)
    parts = pieces(stream, 10)
    late = [msgspec.structs.replace(part, at=at(2 * n)) for n, part in enumerate(parts)]
    told = through(Streams(), [opened(), late[0], segment(control=RST, sequence=BEGIN + 10),
                               *late[1:]])  # fmt: skip

    assert MESSAGES == payloads(told)
    assert [()] * 3 == [packet.anomalies for packet in told]


def test_rst_has_no_data_and_must_fit() -> None:
    """
    What an RST carries is no data; one from elsewhere ends nothing.
    """
    stage = Streams()
    stream = framed(*MESSAGES)
    told = through(
        stage,
        [
            opened(),
            segment(stream[:40]),
            segment(b"closed", BEGIN + 40, control=RST),
            segment(sequence=BEGIN + 2 * REACH, control=RST),
        ],
        0,
    )
    far = Streams()
    through(far, [opened(), segment(stream[:40]), segment(sequence=7, control=RST)], 0)

    assert [MESSAGES[0]] == payloads(told)
    assert MESSAGES[1:] == payloads(through(stage, [segment(stream[40:], BEGIN + 40)], 0))
    assert at(0) + IDLE == far.deadline()


def test_copies_of_a_whole_connection_give_nothing() -> None:
    """
    A mirror's copies, each behind its packet or all behind the last FIN, are no second message.
    """
    stream = framed(*MESSAGES)
    whole = [
        opened(),
        *pieces(stream, 50),
        segment(stream[100:], BEGIN + 100, control=FIN | ACK),
        segment(sequence=BEGIN + len(stream) + 1),
    ]
    doubled = [copy for packet in whole for copy in (packet, packet)]

    for packets in (doubled, whole * 2):
        told = through(Streams(), packets)
        assert MESSAGES == [packet.payload for packet in told]
        assert [()] * 3 == [packet.anomalies for packet in told]


def test_idle_stream_ends() -> None:
    """
    `IDLE` after its last segment a stream is let go, and what was incomplete is told.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    through(stage, [opened(), segment(stream[:40], when=1)], 0)
    assert at(1) + IDLE == stage.deadline()
    assert [] == through(stage, [], at(1) + IDLE - 1)
    told = through(stage, [], at(1) + IDLE)

    assert [(False, (Anomaly.STREAM_INCOMPLETE,))] == noted(told)
    assert at(1) + IDLE == told[0].at


def test_quiet_stream_is_forgotten() -> None:
    """
    One that holds nothing wakes nobody up; when idle it is gone, and read midway if it goes on.
    """
    stage = Streams()
    through(stage, [opened(), segment(framed(asked(1)))], 0)
    assert END == stage.deadline()
    near, past = (segment(framed(asked(2)), BEGIN + MIDDLE, when=when) for when in (119, 120))
    early = pickle.loads(pickle.dumps(stage))  # noqa: S301

    assert [(True, ())] == noted(through(early, [near], 0))
    assert [(True, (Anomaly.STREAM_MIDWAY,))] == noted(through(stage, [past], 0))


def test_nothing_is_left_at_the_end() -> None:
    """
    END lets go of everything: what waits is read, what is incomplete is told.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    told = through(
        stage,
        [
            opened(),
            segment(stream[:40]),
            opened(port=2),
            opened(port=3),
            segment(stream[MIDDLE:], BEGIN + MIDDLE, port=3),
            segment(stream[1:20], port=4),
        ],
    )

    incomplete, midway = (Anomaly.STREAM_INCOMPLETE,), (Anomaly.STREAM_MIDWAY,)
    assert [MESSAGES[0], *MESSAGES[1:]] == payloads(told)
    assert [(50001, incomplete), (4, midway)] == [
        (packet.sport, packet.anomalies) for packet in told if not packet.payload
    ]
    assert (0, 0, 0) == (len(stage._flows), len(stage._half_open), stage._octets)
    assert END == stage.deadline()


# --- what carries nothing ------------------------------------------------------------------------


def test_keep_alive_and_zero_window_probe() -> None:
    """
    The octet before the next one is no data (RFC 9293 §3.8.4), whatever it is; the next one, sent
    to probe a closed window (§3.8.6.1), is data that comes again.
    """
    stream = framed(*MESSAGES)
    told = through(
        Streams(),
        [
            opened(),
            segment(b"?", ISN),
            segment(stream[:MIDDLE]),
            segment(b"?", BEGIN + MIDDLE - 1),
            segment(stream[MIDDLE : MIDDLE + 1], BEGIN + MIDDLE),
            segment(stream[MIDDLE:50], BEGIN + MIDDLE),
            segment(stream[50:], BEGIN + 50),
            segment(b"?", BEGIN + len(stream) - 1),
        ],
    )

    assert [(True, ())] * 3 == noted(told)
    assert MESSAGES == payloads(told)


def test_keep_alive_of_a_connection_begun_before_the_capture() -> None:
    """
    Alone it tells nothing, and what follows is found.
    """
    assert [] == through(Streams(), [segment(b"\0"), segment(b"\0", when=75)])
    told = through(Streams(), [segment(b"\0", ISN), segment(framed(*MESSAGES))])
    assert MESSAGES == payloads(told)


def test_pure_acks_leave_no_trace() -> None:
    """
    Packets without data, SYN or a stream of their own make no state.
    """
    stage = Streams()
    through(
        stage,
        [segment(control=bits, port=bits) for bits in range(256) if not bits & SYN or bits & RST],
        0,
    )

    assert not stage._flows
    assert not stage._half_open


# --- bounds --------------------------------------------------------------------------------------


def weighed(stage: Streams) -> int:
    return sum(
        streams.FLOW_OCTETS + sum(each.weight for each in flow.readings())
        for flow in stage._flows.values()
    )


def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past their octets the stream that was silent longest leaves: what it held is told, and counted;
    one that had ended is no loss.
    """
    monkeypatch.setattr(streams, "MOST_OCTETS", 20_000)
    stage = Streams()
    stream = framed(*MESSAGES)
    ended = [opened(port=1), segment(framed(asked()), port=1, control=FIN)]
    first = [opened(port=2), segment(stream[:40], port=2)]
    told = through(stage, [*ended, *first], 0)
    others = [segment(stream[MIDDLE:50], BEGIN + MIDDLE, port=100 + number) for number in range(10)]
    told += through(stage, others, 0)

    assert stage._octets == weighed(stage) <= 20_000
    gone = 12 - len(stage._flows)
    assert {"streams": gone - 1} == dict(stage.evicted)
    assert [(True, ()), (True, ()), (False, (Anomaly.STREAM_INCOMPLETE,))] == noted(told)[:3]
    assert 2 == told[2].sport


@pytest.mark.parametrize("octets", [b"\1", framed(asked())])
def test_memory_is_what_is_counted(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    """
    Any number of streams with one octet each, or with one message, take up no more than the bound.
    """
    monkeypatch.setattr(streams, "MOST_OCTETS", 2_000_000)
    stage = Streams()
    tracemalloc.start()
    for number in range(4_000):
        client, port = f"10.1.{number % 256}.1", 10_000 + number
        begins = opened(number, client=client, port=port)
        through(stage, [begins, segment(octets, number + 1, client=client, port=port)], 0)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert len(stage._flows) < 2_000
    assert taken < 2_000_000


# --- the promises --------------------------------------------------------------------------------


def test_stage_is_a_stage() -> None:
    """
    It has what a stage has, and its values ship.
    """
    stage: Stage[Packet, Packet] = Streams()
    told = through(stage, [segment(framed(*MESSAGES)[3:])])

    assert "client" == stage.key
    assert END == stage.deadline()
    assert told == msgspec.json.decode(msgspec.json.encode(told), type=list[Packet])


def test_time_never_goes_back() -> None:
    """
    A packet earlier than `now` counts as come at `now`; its message keeps its own time.
    """
    stream = framed(*MESSAGES)
    stage = Streams()
    through(stage, [opened(), segment(stream[MIDDLE:], BEGIN + MIDDLE, when=3)], at(10))
    told = through(stage, [segment(stream[LAST:], BEGIN + LAST, when=2, port=2)], at(5))

    assert [at(2)] == [packet.at for packet in told]


@st.composite
def sent(draw: st.DrawFn, length: int, begin: int) -> list[tuple[int, int]]:
    """A stream's octets in segments: cut anywhere, some again or overlapping, out of order.

    The first that is sent begins at `begin`; none is further out of its place than eight others.
    """
    marks = draw(st.sets(st.integers(begin + 1, length), max_size=20)) | {begin, length}
    edges = sorted(marks)
    parts = list(pairwise(edges))
    first, rest = parts[0], parts[1:]
    again = draw(
        st.lists(st.tuples(st.integers(begin, length - 1), st.integers(1, 60)), max_size=6)
    )
    rest += [(start, min(length, start + size)) for start, size in again]
    late = draw(st.lists(st.integers(0, 8), min_size=len(rest), max_size=len(rest)))
    order = sorted(range(len(rest)), key=lambda place: place + late[place])
    return [first, *(rest[place] for place in order)]


names: Final = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=4)
queries: Final = st.builds(lambda n, labels: asked(n, *labels), st.integers(0, 0xFFFF), names)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=8),
       st.integers(0, WRAP - 1))  # fmt: skip
def test_any_segments_make_the_same_messages(
    data: st.DataObject, messages: list[bytes], begin: int
) -> None:
    """
    Cut, shuffled, repeated and overlapped at random, a stream gives its messages in order, whatever
    they hold, with no anomaly; and so it does when frozen between any two packets.
    """
    stream = framed(*messages)
    parts = data.draw(sent(len(stream), 0))
    packets = [segment(stream[start:end], begin + start) for start, end in parts]
    stage = Streams()
    told = through(stage, [opened(begin - 1)], 0)
    for packet in packets:
        told += through(stage, [packet], 0)
        stage = pickle.loads(pickle.dumps(stage))  # noqa: S301

    assert messages == [packet.payload for packet in told]
    assert [()] * len(messages) == [packet.anomalies for packet in told]
    assert [] == through(stage, [])


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(queries, min_size=2, max_size=8), st.integers(0, WRAP - 1))
def test_any_segments_midway_make_the_same_messages(
    data: st.DataObject, messages: list[bytes], begin: int
) -> None:
    """
    Likewise without SYN: all messages but one that began before the capture.
    """
    stream = framed(*messages)
    start = data.draw(st.integers(0, len(messages[0]) + 1))
    parts = data.draw(sent(len(stream), start))
    told = through(Streams(), [segment(stream[a:b], begin + a) for a, b in parts])

    assert messages[start > 0 :] == payloads(told)
    assert [(Anomaly.STREAM_MIDWAY,)] == [each.anomalies for each in told if each.anomalies]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 70), st.lists(st.integers(0, 9), min_size=1, max_size=30)),
        max_size=12,
    ),
    st.binary(min_size=100, max_size=100),
)
def test_first_octet_wins(overlaps: list[tuple[int, list[int]]], rest: bytes) -> None:
    """
    Of differing octets the first counts, at every position: the messages are those of a plain row
    of octets in which each place is written once. An overlap is noted only where one differs.
    """
    octets: list[int | None] = [None] * 100
    conflicts = False
    segments = [*((start, bytes(values)) for start, values in overlaps), (0, rest)]
    for start, values in segments:
        for place, octet in enumerate(values, start):
            held = octets[place]
            conflicts |= held is not None and held != octet
            octets[place] = octet if held is None else held
    expected, at_hand = [], bytes(octet for octet in octets if octet is not None)
    while len(at_hand) >= 2 and len(at_hand) >= (end := 2 + int.from_bytes(at_hand[:2], "big")):
        expected += [at_hand[2:end]] if end > 2 else []
        at_hand = at_hand[end:]

    told = through(
        Streams(), [opened(), *(segment(values, BEGIN + start) for start, values in segments)]
    )

    assert expected == payloads(told)
    assert conflicts or not any(Anomaly.SEGMENT_OVERLAP in each.anomalies for each in told)


STREAM: Final = framed(*(asked(number) for number in range(4)))
ORIGINS: Final = (BEGIN, BEGIN + 3_000, WRAP - 50, BEGIN + 2 * REACH)


@st.composite
def wild(draw: st.DrawFn) -> Packet:
    """Any packet: of few streams, near or far, real data or not, early or late."""
    origin = draw(st.sampled_from(ORIGINS))
    place = draw(st.integers(-2, len(STREAM)))
    size = draw(st.sampled_from((0, 0, 1, 2, 10, 34, 60, 200)))
    real = STREAM[max(0, place) :][:size]
    octets = draw(st.one_of(st.just(real), st.just(real), st.binary(max_size=40)))
    anomalies = draw(st.sampled_from(((), (), (Anomaly.FRAGMENT,))))
    return segment(
        octets,
        origin + place,
        when=draw(st.sampled_from((0, 0, 0.001, 1, 2, 4, 6, 9, 14, 140))),
        control=draw(st.sampled_from((ACK, ACK, ACK, SYN, FIN | ACK, RST, SYN | ACK, 255))),
        port=draw(st.sampled_from((1, 1, 2))),
        client=draw(st.sampled_from((CLIENT, CLIENT, OTHER_CLIENT))),
        anomalies=anomalies,
    )


def _hold(stage: Streams) -> None:
    """The books agree with what is there."""
    assert stage._octets == weighed(stage)
    for flow in stage._flows.values():
        for reading in flow.readings():
            assert len(reading.held) < 2 + 65_535 + 1 + direction.KEPT
            assert len(reading.waiting) <= MOST_PIECES
            waiting = [(piece.position, piece.end) for piece in reading.waiting]
            assert waiting == sorted(waiting)
            assert all(end <= begin for (_, end), (begin, _) in pairwise(waiting))
            assert reading.waiting_octets == sum(end - begin for begin, end in waiting)


@settings(max_examples=400, deadline=None)
@given(st.lists(wild(), max_size=40), st.randoms(use_true_random=False))
def test_four_promises_under_anything(packets: list[Packet], chance: random.Random) -> None:
    """
    Any packets raise nothing, keep the bounds and leave nothing behind; cut anywhere, woken at its
    deadlines, frozen anywhere or split by client, the stage tells the same.
    """
    whole = through(Streams(), packets)
    stage = Streams()
    told: list[Packet] = []
    now = 0
    for packet in packets:
        while (due := stage.deadline()) <= packet.at and chance.random() < 0.7:
            assert due > now
            now = due
            told += through(stage, [], now)
        now = max(now, packet.at)
        told += through(stage, [packet], chance.choice((0, now)))
        _hold(stage)
        if chance.random() < 0.3:
            stage = pickle.loads(pickle.dumps(stage))  # noqa: S301
    told += through(stage, [], END)

    assert whole == told
    assert END == stage.deadline()
    assert (0, 0, 0) == (len(stage._flows), len(stage._half_open), stage._octets)
    assert all(packet.payload or packet.anomalies for packet in told)
    assert whole == msgspec.json.decode(msgspec.json.encode(whole), type=list[Packet])
    for client in (CLIENT, OTHER_CLIENT):
        assert [each for each in whole if each.src == client] == _alone(packets, client)


def _alone(packets: list[Packet], client: str) -> list[Packet]:
    """What the stage tells of one client when only time tells it of the other."""
    return list(_ticked(Streams(), packets, client))


def _ticked(stage: Streams, packets: list[Packet], client: str) -> Iterator[Packet]:
    now: Nanoseconds = 0
    for packet in packets:
        now = max(now, packet.at)
        yield from stage([], now)
        yield from stage([packet] if packet.src == client else [], now)
    yield from stage([], END)


def test_the_waits() -> None:
    """
    A gap is given up within the 2 s in which a lookup gathers what its client asks.
    """
    assert (3 * SECOND, 1_500 * MILLISECOND, 120 * SECOND) == (LINGER, GAP_WAIT, IDLE)
