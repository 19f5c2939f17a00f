"""Fragments: datagrams put together from their pieces, whatever comes between or against them."""

import copy
import pickle
import random
import struct
import subprocess
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor import fragments, reassembly
from sensor.anomalies import Anomaly
from sensor.capture.files import Captures
from sensor.decap.unwrap import Leftover, Unwrap
from sensor.fragments import MOST, OCTETS, TIMEOUT, Fragments
from sensor.packet import Datagram, Fragment
from sensor.stage import END, SECOND
from tests.realdata import REALDATA, needs_realdata
from tests.tools import require_tool
from tests.traffic import CLIENT, OTHER_CLIENT, SERVER, at, through

PATH: Final = ("ethernet", "ipv4")
ADDRESSES: Final = {4: (CLIENT, SERVER), 6: ("2001:db8::41", "2001:db8::53")}
UDP: Final = 17
GRE: Final = 47
INCOMPLETE: Final = (Anomaly.FRAGMENTS_INCOMPLETE,)
BOUNDED: Final = settings(max_examples=300, deadline=None)


def words(octets: bytes) -> int:
    """Their sum as RFC 1071 has it, word by word."""
    total = 0
    for (word,) in struct.iter_unpack("!H", octets + bytes(len(octets) % 2)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def udp(payload: bytes, *, checksum: bool = True) -> bytes:
    """A UDP datagram from the client to the server, with the right checksum or none."""
    header = struct.pack("!3H", 50001, 53, 8 + len(payload))
    addresses = bytes(int(each) for each in f"{CLIENT}.{SERVER}".split("."))
    pseudo = addresses + struct.pack("!2H", UDP, 8 + len(payload))
    right = 0xFFFF - words(pseudo + header + b"\0\0" + payload)
    return header + struct.pack("!H", (right or 0xFFFF) if checksum else 0) + payload


def part(
    data: bytes,
    offset: int,
    *,
    more: bool = True,
    when: float = 0,
    version: int = 4,
    ident: int = 7,
    protocol: int = UDP,
    **of: Any,
) -> Fragment:
    """A fragment with these octets at that offset."""
    src, dst = ADDRESSES[version]
    whole = Fragment(
        at=at(when),
        version=version,
        src=src,
        dst=dst,
        identification=ident,
        protocol=protocol,
        offset=offset,
        more=more,
        data=data,
        path=PATH,
        anomalies=(Anomaly.FRAGMENT,),
    )
    return msgspec.structs.replace(whole, **of)


def cut(data: bytes, *places: int, **of: Any) -> list[Fragment]:
    """A datagram cut at these places."""
    edges = [0, *places, len(data)]
    return [
        part(data[start:stop], start, more=stop < len(data), **of)
        for start, stop in pairwise(edges)
    ]


def later(items: Iterable[Fragment], when: float) -> list[Fragment]:
    """The same, come then."""
    return [msgspec.structs.replace(each, at=at(when)) for each in items]


def told(*items: Fragment) -> list[bytes]:
    """The octets of all datagrams that these make."""
    out = through(Fragments(), items)
    return [each.data for each in out if isinstance(each, Datagram)]


def overlapped(*items: Fragment) -> list[tuple[bytes, bool]]:
    """The octets of all datagrams that these make, and whether they bear an overlap."""
    return [
        (each.data, Anomaly.FRAGMENT_OVERLAP in each.anomalies)
        for each in through(Fragments(), items)
        if isinstance(each, Datagram)
    ]


def lost(*items: Fragment) -> list[tuple[Anomaly, ...]]:
    """What is told of those that never became whole, or cannot be."""
    out = through(Fragments(), items)
    return [each.anomalies for each in out if isinstance(each, Leftover)]


FIRST: Final = udp(b"api.telegram.org" * 3)  # 56 octets
SECOND_ONE: Final = udp(b"www.innocent.org" * 3)
FORGED: Final = b"\xaa" * 24


# --- one datagram ------------------------------------------------------------------------------


def test_two_fragments_make_a_datagram() -> None:
    """
    It leaves with its last fragment, has that one's time, and bears what its fragments do.
    """
    one, two = cut(FIRST, 24)
    two = msgspec.structs.replace(two, at=at(0.01))

    out = through(Fragments(), [one, two], at(0.01))

    assert [
        Datagram(
            at=at(0.01),
            version=4,
            src=CLIENT,
            dst=SERVER,
            identification=7,
            protocol=UDP,
            data=FIRST,
            path=PATH,
            anomalies=(Anomaly.FRAGMENT,),
        )
    ] == out


def test_any_order_will_do() -> None:
    """
    The last may come first.
    """
    assert [FIRST] == told(*reversed(cut(FIRST, 8, 16, 40)))


def test_fields_are_those_of_the_beginning() -> None:
    """
    Path, VLANs, interface and, in IPv6, the protocol are those of the fragment at offset 0, though
    others came on another path; the time is that of the one that came last.
    """
    one, two = cut(FIRST, 24, version=6)
    inner = ("ethernet", "vlan:10", "ipv6")
    one = msgspec.structs.replace(one, path=inner, vlans=(10,), interface="span0", protocol=60)
    two = msgspec.structs.replace(two, vlans=(20,), interface="span1", at=at(1))

    for order in ([one, two], [two, one]):
        (whole,) = through(Fragments(), order)
        assert isinstance(whole, Datagram)
        assert (inner, (10,), "span0", 60) == (
            whole.path,
            whole.vlans,
            whole.interface,
            whole.protocol,
        )
        assert order[1].at == whole.at


def test_anomalies_are_joined() -> None:
    """
    Those of all fragments, each once, in the order in which they came.
    """
    one, two = cut(FIRST, 24)
    one = msgspec.structs.replace(one, anomalies=(Anomaly.LENGTH_MISMATCH, Anomaly.FRAGMENT))

    (whole,) = through(Fragments(), [two, one])

    assert (Anomaly.FRAGMENT, Anomaly.LENGTH_MISMATCH) == whole.anomalies


def test_tiny_fragments_are_ordinary() -> None:
    """
    Eight octets each, so that the UDP header stands alone, or a TCP header is in three.
    """
    assert [FIRST] == told(*cut(FIRST, *range(8, len(FIRST), 8)))
    assert [(FIRST, False)] == overlapped(*cut(FIRST, *range(8, len(FIRST), 8), protocol=6))


def test_longest_datagram() -> None:
    """
    65,535 octets in 8,192 pieces of eight, in any order.
    """
    data = random.Random(5).randbytes(65_535)
    pieces = cut(data, *range(8, 65_535, 8))
    random.Random(5).shuffle(pieces)

    assert [data] == told(*pieces)


# --- what belongs together ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [{"src": OTHER_CLIENT}, {"dst": "10.20.0.54"}, {"identification": 8}, {"protocol": GRE}],
)
def test_another_datagram(other: dict[str, Any]) -> None:
    """
    Addresses, protocol and identification all have to be the same (RFC 791 §3.2).
    """
    one, two = cut(FIRST, 24)

    assert [] == told(one, msgspec.structs.replace(two, **other))


def test_ipv6_goes_without_the_protocol() -> None:
    """
    Only the first fragment's counts (RFC 8200 §4.5), the others may say anything.
    """
    one, two = cut(FIRST, 24, version=6)

    assert [FIRST] == told(one, msgspec.structs.replace(two, protocol=59))


def test_way_to_the_tap_does_not_matter() -> None:
    """
    Parts on two VLANs, in two tunnels and at two interfaces are one datagram.
    """
    one, two = cut(FIRST, 24)
    elsewhere = {"vlans": (20,), "interface": "span1", "path": ("ethernet", "vlan:20", "ipv4")}

    assert [FIRST] == told(one, msgspec.structs.replace(two, **elsewhere))


# --- copies ------------------------------------------------------------------------------------


def test_duplicates_are_silent() -> None:
    """
    A fragment mirrored twice is one fragment: a a b b is one datagram, and nothing is left over.
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, False)] == overlapped(one, one, two, two)
    assert [] == lost(one, one, two, two)


def test_mirrored_datagram_is_told_again() -> None:
    """
    a b a b, in whatever order the second copy comes, is told twice: marking it is the next one's
    work.
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, False)] * 2 == overlapped(one, two, one, two)
    assert [(FIRST, False)] * 2 == overlapped(one, two, two, one)
    assert [] == lost(one, two, one, two)


def test_retry_with_the_same_identification_is_told_again() -> None:
    """
    Though the mirror left half a copy of the first one behind.
    """
    one, two = cut(FIRST, 24)

    assert [FIRST, FIRST] == told(one, one, two, two, *later([one, two], 2))


def test_retry_that_begins_as_the_first_one_lapses() -> None:
    """
    What agrees with a datagram told is remembered for as long as its own rest may come.
    """
    one, two = cut(FIRST, 24)
    retry = [*later([one], 29.9), *later([two], 59.8)]

    assert [FIRST, FIRST] == told(one, two, *retry)
    assert [] == lost(one, two, *retry)


def test_copy_of_which_half_is_missing_leaves_silently() -> None:
    """
    It was told once, so nothing is incomplete.
    """
    one, two = cut(FIRST, 24)
    stage = Fragments()

    out = through(stage, [one, two, *later([two], 10)], at(300))

    assert [FIRST] == [each.data for each in out if isinstance(each, Datagram)]
    assert 1 == len(out)
    assert END == stage.deadline()


def test_copy_cut_otherwise() -> None:
    """
    A copy in other pieces agrees just as well.
    """
    assert [FIRST, FIRST] == told(*cut(FIRST, 24), *cut(FIRST, 8, 40))


# --- identifications repeat --------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [UDP, GRE])
def test_later_datagram_of_the_same_identification(protocol: int) -> None:
    """
    Another datagram after the first, mirrored or not, is told for what it is.
    """
    one, two = cut(FIRST, 24, protocol=protocol)
    next_one, next_two = cut(SECOND_ONE, 24, protocol=protocol)

    expected = [(FIRST, False), (SECOND_ONE, False)]
    assert expected == overlapped(one, two, next_one, next_two)
    assert expected == overlapped(one, two, next_two, next_one)
    assert expected == overlapped(one, one, two, two, next_one, next_two)
    assert expected == overlapped(one, one, two, two, next_one, next_one, next_two, next_two)
    assert [] == lost(one, one, two, two, next_one, next_two)


def test_later_datagram_that_shares_a_piece() -> None:
    """
    Its pieces may be those of the first but for one: it is told, whichever comes first.
    """
    other = udp(b"api.telegram.org" * 2 + b"api.letegram.org")  # words swapped: the same sum
    one, two = cut(FIRST, 40)
    next_one, next_two = cut(other, 40)
    assert one == next_one

    assert {FIRST, other} == set(told(one, two, next_one, next_two))
    assert {FIRST, other} == set(told(one, two, next_two, next_one))
    assert {FIRST, other} == set(told(one, one, two, two, next_two, next_one))


def test_later_datagram_in_a_tunnel_that_shares_a_piece() -> None:
    """
    Where no checksum says so, the shared piece has to come after the one that is new.
    """
    other = FIRST[:8] + b"x" * 16 + FIRST[24:]
    one, two = cut(FIRST, 24, protocol=GRE)
    next_one, _ = cut(other, 24, protocol=GRE)

    assert [FIRST, other] == told(one, two, next_one, two)


def test_datagram_of_which_half_is_lost_before_another() -> None:
    """
    a, then a' b' of the next one: what the checksum says is told, without one both readings are.
    """
    for protocol, expected in (
        (UDP, [SECOND_ONE]),
        (GRE, [FIRST[:24] + SECOND_ONE[24:], SECOND_ONE]),
    ):
        one, _ = cut(FIRST, 24, protocol=protocol)

        assert expected == told(one, *cut(SECOND_ONE, 24, protocol=protocol))


# --- overlaps ----------------------------------------------------------------------------------


def test_first_wins() -> None:
    """
    Where two pieces hold the same place the one that came first counts, and the overlap shows.
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, True)] == overlapped(one, part(FORGED, 0), two)
    assert [(FIRST, True)] == overlapped(two, part(FORGED, 24), one)


def test_overlap_of_the_same_octets_is_one_too() -> None:
    """
    Another range of the same datagram is no duplicate (RFC 5722 §4).
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, True)] == overlapped(one, part(FIRST[16:32], 16), two)
    assert [(FIRST, True)] == overlapped(one, part(FIRST[:16], 0), two)


def test_same_range_with_and_without_more_is_an_overlap() -> None:
    """
    The same octets, but another end of the datagram.
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, True)] == overlapped(msgspec.structs.replace(two, more=True), one, two)


def test_forged_piece_that_comes_first() -> None:
    """
    Its receiver drops it for its IP checksum, which is not looked at here; the UDP checksum tells
    what it read.
    """
    one, two = cut(FIRST, 24)

    assert [(FIRST, True)] == overlapped(part(FORGED, 0), one, two)
    assert [(FIRST, True)] == overlapped(two, part(FORGED, 0), one)[-1:]


def test_forged_piece_that_completes() -> None:
    """
    The genuine one comes after the datagram was told: it makes a second.
    """
    one, two = cut(FIRST, 24)

    assert [(FORGED + FIRST[24:], False), (FIRST, True)] == overlapped(part(FORGED, 0), two, one)
    assert [] == lost(part(FORGED, 0), two, one)


def test_forged_piece_with_a_right_checksum() -> None:
    """
    A forger may balance the sum. So all readings that are right are told, not just the first.
    """
    other = udp(b"www.innocent" + bytes(4) + FIRST[24:])
    balanced = bytearray(other)
    balanced[20:22] = struct.pack("!H", _balance(other, FIRST[6:8]))
    balanced[6:8] = FIRST[6:8]
    forged = part(bytes(balanced[:24]), 0)
    one, two = cut(FIRST, 24)

    assert [(forged.data + FIRST[24:], True), (FIRST, True)] == overlapped(forged, one, two)
    assert [(FIRST, True), (forged.data + FIRST[24:], True)] == overlapped(one, forged, two)


def _balance(whole: bytes, checksum: bytes) -> int:
    """The word that stands for zero so that another checksum is right."""
    old, new = int.from_bytes(whole[6:8], "big"), int.from_bytes(checksum, "big")
    return (old - new) % 0xFFFF


def test_genuine_piece_among_forged_ones() -> None:
    """
    Neither the first nor the last counts, nor the second, but one between.
    """
    one, two = cut(FIRST, 24)
    forged = [part(octet * 24, 0) for octet in (b"\xaa", b"\xbb", b"\xcc")]

    assert [FIRST] == told(*forged[:2], one, forged[2], two)


def test_forged_end() -> None:
    """
    A forged last piece with a shorter or a longer end hides nothing, whenever it comes.
    """
    pieces = cut(FIRST, 16, 32)
    for forged in (
        part(b"\xaa" * 8, 1000, more=False),
        part(b"\xaa" * 8, 16, more=False),
    ):
        for place in range(4):
            order = [*pieces[:place], forged, *pieces[place:]]
            assert FIRST in told(*order), (forged, place)


def test_without_a_checksum_all_readings_are_told() -> None:
    """
    UDP over IPv4 may have none; then nothing says which piece the receiver takes.
    """
    whole = udp(FIRST[8:], checksum=False)
    one, two = cut(whole, 24)
    other = part(whole[:8] + FORGED[8:], 0)

    assert [other.data + whole[24:], whole] == told(other, one, two)
    assert [other.data + whole[24:], whole] == told(other, two, one)


def test_bad_checksum_of_the_sending_host() -> None:
    """
    Captured before it was summed: where all readings are wrong the first one is told, once.
    """
    whole = FIRST[:6] + b"\x12\x34" + FIRST[8:]
    one, two = cut(whole, 24)

    assert [(whole, False)] == overlapped(one, two)
    assert [(whole, True)] == overlapped(one, part(FORGED, 0), two)


def test_holes_are_never_filled() -> None:
    """
    Up to an end that was stated first but never reached nothing is told; up to another only what
    the checksum speaks for.
    """
    one, two = cut(FIRST[:-1] + b"?", 24)
    forged = part(b"\xaa" * 8, 1000, more=False)

    assert [] == told(forged, one, two)
    assert [(Anomaly.FRAGMENT_OVERLAP, *INCOMPLETE)] == lost(forged, one, two)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_one_forged_piece_hides_nothing(data: st.DataObject) -> None:
    """
    Whatever it holds, wherever it claims to stand, whenever it comes and whatever a mirror shows
    twice: the datagram is told.
    """
    whole = udp(data.draw(st.binary(min_size=40, max_size=120)))
    pieces = cut(whole, *_places(data, len(whole)))
    start = 8 * data.draw(st.integers(0, len(whole) // 8 + 2))
    more = start == 0 or data.draw(st.booleans())
    size = data.draw(st.integers(1, 12)) * 8 - (0 if more else data.draw(st.integers(0, 7)))
    forged = part(data.draw(st.sampled_from([b"\xaa", b"\0", b"\xff"])) * size, start, more=more)
    seen = [*pieces, forged]

    order = data.draw(st.permutations([*seen, *data.draw(st.lists(st.sampled_from(seen)))]))

    assert whole in told(*order)


def test_forged_piece_that_spans_others_and_completes() -> None:
    """
    It stands for a piece not yet seen, over the end of one that was: told wrongly at first, the
    datagram is told rightly once all its pieces came.
    """
    one, two, three, four = cut(FIRST, 8, 24, 40)
    forged = part(b"\xaa" * 48, 0)

    assert FIRST == told(forged, four, one, two, three)[-1]
    assert FIRST == told(two, four, one, forged, forged, four, three)[-1]  # mirrored


def test_forged_end_of_a_datagram_in_many_pieces() -> None:
    """
    Told up to there at first, it is told again when its hundreds of pieces came.
    """
    data = udp(bytes(range(250)) * 16)
    pieces = cut(data, *range(8, len(data), 8))
    forged = part(b"\xaa" * 8, 8, more=False)

    assert data == told(pieces[0], forged, *pieces[1:])[-1]


@BOUNDED
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 5), st.binary(min_size=40, max_size=40)),
        max_size=30,
    ),
    st.integers(1, 80),
)
def test_first_wins_as_octet_by_octet(pieces: list[tuple[int, int, bytes]], end: int) -> None:
    """
    Put together of overlapping pieces it holds, octet by octet, what came first.
    """
    octets, known, expected = bytearray(end), bytearray(end), None
    items = []
    for start, size, content in pieces:
        stop = min(end, 8 * (start + size))
        data = content[: max(0, stop - 8 * start)]
        if not data:
            continue
        items.append(part(data, 8 * start, more=stop < end, protocol=GRE))
        for place, octet in enumerate(data, 8 * start):
            if not known[place]:
                known[place], octets[place] = 1, octet
        if expected is None and all(known):
            expected = bytes(octets)

    assert ([] if expected is None else [expected]) == told(*items)[:1]


# --- any cut, any order ------------------------------------------------------------------------


def _places(data: st.DataObject, size: int) -> list[int]:
    eights = data.draw(st.sets(st.integers(1, (size - 1) // 8), min_size=1))
    return sorted(8 * each for each in eights)


@BOUNDED
@given(
    st.lists(st.binary(min_size=9, max_size=400), min_size=1, max_size=5),
    st.sampled_from([4, 6]),
    st.data(),
)
def test_cut_shuffled_doubled_and_mixed(
    payloads: list[bytes], version: int, data: st.DataObject
) -> None:
    """
    Cut anywhere, in any order, each piece as often as it likes, several at a time: what comes out
    is what was cut, without any sign of an overlap or a loss.
    """
    pieces = [
        each
        for ident, payload in enumerate(payloads)
        for each in cut(
            payload, *_places(data, len(payload)), ident=ident, version=version, protocol=GRE
        )
    ]
    again = data.draw(st.lists(st.sampled_from(pieces), max_size=10))
    order = data.draw(st.permutations([*pieces, *again]))

    out = through(Fragments(), order)

    whole = [each for each in out if isinstance(each, Datagram)]
    assert {(ident, payload) for ident, payload in enumerate(payloads)} == {
        (each.identification, each.data) for each in whole
    }
    assert whole == out
    assert {(Anomaly.FRAGMENT,)} == {each.anomalies for each in whole}


# --- time --------------------------------------------------------------------------------------


def test_incomplete_after_thirty_seconds() -> None:
    """
    Thirty seconds after the first fragment came the datagram is given up, at that time.
    """
    one, _ = cut(FIRST, 24)
    stage = Fragments()

    assert [] == through(stage, [one], at(29.999))
    assert at(30) == stage.deadline()
    out = through(stage, [], at(100))

    assert [Leftover(at(30), PATH, INCOMPLETE, "fragments_incomplete")] == out
    assert END == stage.deadline()


def test_time_counts_from_the_first_fragment() -> None:
    """
    Others that come meanwhile do not extend it.
    """
    one, two, three = cut(FIRST, 16, 32)

    assert [FIRST] == told(one, *later([two], 20), *later([three], 29.999))
    late = [one, *later([two], 20), *later([three], 31)]
    assert [] == told(*late)
    assert [INCOMPLETE, INCOMPLETE] == lost(*late)


def test_end_gives_up_all() -> None:
    """
    Nothing remains: each incomplete datagram is told, at the latest time seen.
    """
    stage = Fragments()

    out = through(stage, [cut(FIRST, 24, ident=n, when=n)[0] for n in range(3)])

    assert [at(2)] * 3 == [each.at for each in out]
    assert ["fragments_incomplete"] * 3 == [each.what for each in out if isinstance(each, Leftover)]
    assert (0, 0, END) == (len(stage._slots), stage._octets, stage.deadline())


def test_time_outs_leave_in_order() -> None:
    """
    Each at its own time, whatever the order in which they came, before what comes later.
    """
    items = [cut(FIRST, 24, ident=n, when=when)[0] for n, when in enumerate((0, 2, 1, 40))]

    out = through(Fragments(), items, at(40))

    # What came at second 1, after second 2, came at second 2: `now` never goes back.
    assert [at(30), at(32), at(32)] == [each.at for each in out]


def test_now_never_goes_back() -> None:
    """
    A fragment captured before others waits as long as those that came with it.
    """
    one, two = cut(FIRST, 24, when=10)
    stage = Fragments()
    through(stage, [], at(20))

    out = through(stage, [one, msgspec.structs.replace(two, at=at(5))], at(0))

    assert [(FIRST, at(5))] == [(each.data, each.at) for each in out if isinstance(each, Datagram)]
    assert at(20) + TIMEOUT == stage.deadline()


def test_forged_piece_is_remembered_for_as_long() -> None:
    """
    The genuine piece may come thirty seconds after the datagram was told.
    """
    one, two = cut(FIRST, 24)
    early = [*later([part(FORGED, 0)], 0), *later([two], 29)]

    assert FIRST in told(*early, *later([one], 58.9))
    assert FIRST not in told(*early, *later([one], 59))


# --- what cannot be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        part(b"", 8),
        part(b"", 8, more=False),
        part(b"", 0),
        part(b"x" * 7, 8),
        part(b"x" * 9, 8, version=6),
        part(b"x" * 16, 65_528),
        part(b"x" * 8, 65_528, more=False),
        part(b"x", 8, missing=65_535),
    ],
)
def test_malformed(bad: Fragment) -> None:
    """
    Empty, of a length that nothing can follow, or beyond the longest datagram: it belongs to none.
    """
    one, two = cut(FIRST, 24, version=bad.version)

    out = through(Fragments(), [one, bad, two])

    malformed = (Anomaly.FRAGMENT, Anomaly.HEADER_MALFORMED)
    assert Leftover(bad.at, PATH, malformed, "malformed") == out[0]
    assert [(FIRST, (Anomaly.FRAGMENT,))] == [
        (each.data, each.anomalies) for each in out[1:] if isinstance(each, Datagram)
    ]


def test_ipv4_length_that_is_no_multiple_of_eight() -> None:
    """
    Linux takes such a fragment up to the last multiple, so it is read; that it is wrong shows.
    """
    one, two = cut(FIRST, 24)
    odd = msgspec.structs.replace(one, data=FIRST[:24] + b"evading")

    (whole,) = through(Fragments(), [odd, two])

    assert isinstance(whole, Datagram)
    assert FIRST == whole.data
    assert (Anomaly.FRAGMENT, Anomaly.HEADER_MALFORMED) == whole.anomalies


def test_octets_that_were_not_captured_are_a_hole() -> None:
    """
    The end counts them, a copy from another tap fills them, else the datagram is not whole.
    """
    one, two = cut(FIRST, 24)
    snapped = msgspec.structs.replace(two, data=two.data[:10], missing=len(two.data) - 10)
    nothing = msgspec.structs.replace(two, data=b"", missing=len(two.data))

    for hole in (snapped, nothing):
        assert [] == told(hole, one)
        assert [INCOMPLETE] == lost(hole, one)
        assert [FIRST] == told(hole, one, two)


@BOUNDED
@given(
    st.lists(
        st.builds(
            part,
            st.binary(max_size=40),
            st.one_of(st.integers(0, 6), st.integers(0, 8191)).map(lambda n: 8 * n),
            more=st.booleans(),
            when=st.floats(0, 70),
            version=st.sampled_from([4, 6]),
            ident=st.integers(0, 1),
            protocol=st.sampled_from([6, UDP, GRE, 60]),
            missing=st.sampled_from([0, 0, 0, 1, 8, 65_535]),
        ),
        max_size=40,
    )
)
def test_any_fragments(items: list[Fragment]) -> None:
    """
    Nothing raises, what is counted is what is held, and at END nothing is.
    """
    stage = Fragments()
    for item in items:
        for out in through(stage, [item], 0):
            assert isinstance(out, Datagram | Leftover)
        assert sum(slot.octets() for slot in stage._slots.values()) == stage._octets
        assert stage.deadline() > stage._now
    through(stage, [])

    assert (0, 0, END) == (len(stage._slots), stage._octets, stage.deadline())


# --- the four promises -------------------------------------------------------------------------


def _traffic(seed: int) -> list[Fragment]:
    """Datagrams of few identifications, cut, doubled, mixed, some forged, some in part."""
    dice = random.Random(seed)
    items: list[tuple[float, Fragment]] = []
    for _ in range(dice.randint(1, 12)):
        ident, begins = dice.randint(0, 2), dice.uniform(0, 80)
        whole = udp(dice.randbytes(dice.randint(1, 60)), checksum=dice.random() < 0.8)
        pieces = cut(whole, *range(8, len(whole), 8 * dice.randint(1, 3)), ident=ident)
        pieces = [each for each in pieces for _ in range(dice.choice((0, 1, 1, 1, 1, 2)))]
        if dice.random() < 0.4:
            pieces.insert(0, part(dice.randbytes(16), 8 * dice.randint(0, 4), ident=ident))
        dice.shuffle(pieces)
        for each in pieces:
            when = begins + dice.choice((0, 0.01, 0.5, 29))
            side = {"src": OTHER_CLIENT} if ident == 2 else {}
            items.append((when, msgspec.structs.replace(each, at=at(when), **side)))
    items.sort(key=lambda item: item[0] + dice.choice((0, 0, 0.2)))
    return [item for _, item in items]


def _in_pieces(stage: Fragments, items: list[Fragment], dice: random.Random) -> Iterator[Any]:
    rest, reached = items, 0
    while rest:
        size = dice.choice((0, 1, 1, 2, 5))
        batch, rest = rest[:size], rest[size:]
        reached = max([reached, *(each.at for each in batch)])
        yield from stage(batch, reached)
        if rest and dice.random() < 0.5:
            reached = max(reached, min(rest[0].at, stage.deadline()))
            yield from stage([], reached)
        stage = pickle.loads(pickle.dumps(stage))  # noqa: S301
    yield from stage([], END)


@pytest.mark.parametrize("seed", range(60))
def test_cut_and_freeze_anywhere(seed: int) -> None:
    """
    In batches of any size, with ticks between, pickled after each: the output is that of one.
    """
    items = _traffic(seed)

    assert through(Fragments(), items) == list(_in_pieces(Fragments(), items, random.Random(seed)))


@pytest.mark.parametrize("seed", range(30))
def test_split_by_key(seed: int) -> None:
    """
    Two copies, one for each client, tell together what one tells.
    """
    items = _traffic(seed)
    copies = {client: Fragments() for client in (CLIENT, OTHER_CLIENT)}
    out: list[Any] = []
    now = 0
    for item in items:
        now = max(now, item.at)
        for client, each in copies.items():
            out += through(each, [], now)
            out += through(each, [item] if item.src == client else [], now)
    for each in copies.values():
        out += through(each, [])

    assert sorted(map(repr, through(Fragments(), items))) == sorted(map(repr, out))


def test_what_comes_out_ships() -> None:
    """
    Datagrams come back from MessagePack, JSON and pickle as they were.
    """
    out = [each for seed in range(20) for each in through(Fragments(), _traffic(seed))]
    assert {Datagram, Leftover} == {type(each) for each in out}

    for value in out:
        kind = type(value)
        assert value == msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)
        assert value == msgspec.json.decode(msgspec.json.encode(value), type=kind)
        assert value == pickle.loads(pickle.dumps(value))  # noqa: S301
        assert value == copy.deepcopy(value)


def test_traffic_is_full_of_what_matters() -> None:
    """
    Of sixty such captures many show an overlap, a repeat, a second reading and a loss, or the
    promises above promise little.
    """
    seen: dict[str, int] = {}
    for seed in range(60):
        out = through(Fragments(), _traffic(seed))
        whole = [each for each in out if isinstance(each, Datagram)]
        for name, is_there in (
            ("loss", len(whole) < len(out)),
            ("overlap", any(Anomaly.FRAGMENT_OVERLAP in each.anomalies for each in whole)),
            ("repeat", len({each.data for each in whole}) < len(whole)),
            ("several at a time", len({each.at for each in whole}) < len(whole)),
        ):
            seen[name] = seen.get(name, 0) + is_there

    assert {} == {name: count for name, count in seen.items() if count < 10}, seen


# --- bounds ------------------------------------------------------------------------------------


def test_datagrams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound the one that nothing came for the longest is given up, told and counted.
    """
    monkeypatch.setattr(fragments, "MOST", 3)
    stage = Fragments()
    begun = [cut(FIRST, 24, ident=n) for n in range(5)]
    through(stage, [one for one, _ in begun[:3]], at(0))

    out = through(stage, [*later(cut(FIRST, 8, 24, ident=0)[1:2], 0), begun[3][0]], at(0))

    assert [INCOMPLETE] == [each.anomalies for each in out]
    assert {"fragments": 1} == dict(stage.evicted)
    assert [FIRST] == [each.data for each in through(stage, [begun[2][1]], at(0))]
    assert {0, 2, 3} == {key[3] for key in stage._slots}


def test_remembered_datagrams_leave_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    That is no loss, but it is counted.
    """
    monkeypatch.setattr(fragments, "MOST", 3)
    stage = Fragments()

    out = through(stage, [each for n in range(5) for each in cut(FIRST, 24, ident=n)], at(0))

    assert [FIRST] * 5 == [each.data for each in out if isinstance(each, Datagram)]
    assert 5 == len(out)
    assert {"told": 2} == dict(stage.evicted)


@pytest.mark.parametrize("size", [8, 1480, 65_512])
def test_octets_are_bounded(size: int) -> None:
    """
    Be the pieces tiny or huge, what they take in memory does not grow beyond the bound.
    """
    stage = Fragments()
    for n in range(3 * OCTETS // (size + 2048)):
        through(stage, [part(bytes([n % 256]) * size, 8, ident=n % 0x10000)], at(0))
        assert stage._octets <= OCTETS
    assert len(stage._slots) <= MOST

    assert stage.evicted["fragments"] > 0


def test_overlapping_pieces_are_bounded() -> None:
    """
    Pieces of one datagram that cover what others do are dropped past their bound, and counted;
    the datagram goes on, and what it takes is bounded too.
    """
    stage = Fragments()
    one, two = cut(FIRST, 24)
    forged = [part(n.to_bytes(3, "big") * 8, 0) for n in range(1 << 20, (1 << 20) + 20_000)]

    out = through(stage, [one, *forged], at(0))
    held = stage._octets
    out += through(stage, [two], at(0))

    assert [FIRST] == [each.data for each in out if isinstance(each, Datagram)]
    assert held < reassembly.SPARE + 10_000
    assert stage.evicted["pieces"] > 10_000


def test_pieces_without_octets_take_no_room() -> None:
    """
    Those of which nothing was captured only state ends, few of which are kept.
    """
    stage = Fragments()

    through(stage, [part(b"", 8, more=False, missing=n) for n in range(1, 20_000)], at(0))

    (slot,) = stage._slots.values()
    assert slot.open is not None
    assert 0 == len(slot.open.held)
    assert reassembly.ENDS == len(slot.open.ends)
    assert slot.open.ends[-1] == 8 + 19_999


def test_readings_are_bounded() -> None:
    """
    However many pieces contradict a datagram, no more octets are summed for it than its budget.
    """
    stage = Fragments()
    data = udp(bytes(60_000))
    wrong = part(b"\xaa" * 8, 8)
    through(stage, [wrong, *cut(data, 8, 16)], at(0))
    dice = random.Random(5)
    through(stage, [part(dice.randbytes(8), 8 * n) for n in range(2000)], at(0))

    (slot,) = stage._slots.values()
    assert slot.known is not None
    assert slot.known.budget <= 0


def test_time_out_is_thirty_seconds() -> None:
    """
    As Linux has it.
    """
    assert 30 * SECOND == TIMEOUT


# --- real captures -----------------------------------------------------------------------------

FRAGMENTED: Final = (
    "DNS-OARC+dnscap/src/test/frags.pcap",
    "OISF+suricata-verify/tests/ipv6-evasion/ipv6-malformed-fragments-28/frag-28.pcap",
    "dmachard+DNS-collector/tests/testsdata/pcap/dnsdump_ip4_fragmented+udp.pcap",
    "dmachard+DNS-collector/tests/testsdata/pcap/dnsdump_ip4_fragmented_query.pcap",
    "dmachard+DNS-collector/tests/testsdata/pcap/dnsdump_ip6_fragmented+udp.pcap",
    "dmachard+DNS-collector/tests/testsdata/pcap/dnsdump_ip6_fragmented_query.pcap",
    "seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/IPv4Frag.pcap",
)


@needs_realdata
def test_tshark_puts_the_same_together() -> None:
    """
    In real captures the same frames complete datagrams of the same lengths.
    """
    tshark = require_tool("tshark")
    fields = ("frame.number", "ip.reassembled.length", "ipv6.reassembled.length")
    asked = [option for field in fields for option in ("-e", field)]
    filtered = ("-Y", "ip.reassembled.length || ipv6.reassembled.length", "-T", "fields")
    ours, theirs = [], []
    for name in FRAGMENTED:
        path, unwrap, stage = str(REALDATA / "pcaps" / name), Unwrap(), Fragments()
        for number, frame in enumerate(Captures([path]), 1):
            if isinstance(value := unwrap(frame), Fragment):
                out = through(stage, [value], 0)
                ours += [(name, number, len(e.data)) for e in out if isinstance(e, Datagram)]
        run = subprocess.run(
            [tshark, "-n", "-r", path, *filtered, *asked],
            capture_output=True,
            text=True,
            check=True,
        )
        for line in run.stdout.splitlines():
            number, *lengths = map(int, line.split())
            theirs.append((name, number, *lengths))

    assert theirs == ours
    assert 88 == len(ours)
