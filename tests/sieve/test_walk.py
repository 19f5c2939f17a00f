"""The walks: where they stop, how they go on, and that they read nothing outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.walk import At, Column, Stop, Walk
from tests.capture.capture_writer import enhanced, pcap, pcap_record, simple
from tests.capture.sieve_double import SIEVE

FORM = np.array([0, 1_000, 16, 1, 262_144, 0, 0], dtype=np.int64)
POINTS = np.array([[1, 1_000, 1, 0, 1 << 50]], dtype=np.int64)
FRAMES = [Frame(at * 1_000, bytes([at] * at), 1, at) for at in (3, 9, 1, 4, 7, 0, 5, 11, 2)]


def begun(position: int = 0, now: int = 0, room: int = 100) -> Walk:
    counts = np.zeros((2, walk.REASONS), dtype=np.int64)
    return Walk.begun(position, counts, room=room, now=now)


def records(octets: bytes, held: int, limit: int, going: Walk, judging: bool = True) -> Stop:
    array = np.frombuffer(octets, dtype=np.uint8)
    arguments = (FORM, judging, *going, *SIEVE.arguments())
    return Stop(SIEVE.walk_records(array, held, limit, *arguments))


def blocks(octets: bytes, held: int, limit: int, going: Walk, judging: bool = True) -> Stop:
    array = np.frombuffer(octets, dtype=np.uint8)
    arguments = (False, POINTS, 1, judging, *going, *SIEVE.arguments())
    return Stop(SIEVE.walk_blocks(array, held, limit, *arguments))


WALKS = {
    "pcap": (records, pcap(FRAMES)[24:]),
    "pcapng": (blocks, b"".join(enhanced(frame.at // 1_000, frame.data) for frame in FRAMES)),
}


@pytest.mark.parametrize("kind", WALKS)
def test_row_says_all_of_a_frame(kind: str) -> None:
    """
    A row has the frame's time, the largest so far, place, lengths, interface and reason.
    """
    step, octets = WALKS[kind]
    going = begun(now=5_000)

    assert Stop.DONE == step(octets, len(octets), len(octets), going)
    rows = going.taken()
    assert [3_000, 9_000, 1_000, 7_000, 5_000, 11_000] == [row[Column.AT] for row in rows]
    assert [5_000, 9_000, 9_000, 9_000, 9_000, 11_000] == [row[Column.NOW] for row in rows]
    passed = [frame.data for frame in FRAMES if frame.data and frame.data[-1] & 1]
    assert passed == [octets[row[Column.BEGIN] :][: row[Column.CAPTURED]] for row in rows]
    assert [3, 9, 1, 7, 5, 11] == [row[Column.LENGTH] for row in rows]
    assert {(0, 2)} == {(row[Column.INTERFACE], row[Column.REASON]) for row in rows}
    assert (9, 9) == (going.state[At.NUMBER], going.state[At.FRAMES])
    assert [2, 1, 6] == going.counts[walk.FRAMES, :3].tolist()
    assert [2, 4, 36] == going.counts[walk.OCTETS, :3].tolist()


@pytest.mark.parametrize("kind", WALKS)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_cut_gives_the_same_rows(kind: str, data: st.DataObject) -> None:
    """
    However a walk is interrupted, by its limit, by what is held or by its room, it goes on at a
    record and gives the rows of one that was not.
    """
    step, octets = WALKS[kind]
    whole = begun()
    step(octets, len(octets), len(octets), whole)
    room = data.draw(st.integers(1, 4))
    going = begun(room=room)
    rows = []

    for held in sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6))):
        limit = data.draw(st.integers(0, held))
        while step(octets[:held], held, limit, going) == Stop.FULL:
            rows += going.taken()
        rows += going.taken()
    while step(octets, len(octets), len(octets), going) == Stop.FULL:
        rows += going.taken()

    assert whole.taken() == rows + going.taken()
    assert whole.counts.tolist() == going.counts.tolist()
    assert whole.state.tolist() == going.state.tolist()


@pytest.mark.parametrize("kind", WALKS)
def test_start_at_any_record_with_the_time_before_it(kind: str) -> None:
    """
    A walk begun at a record with the largest time before it gives the rest of the rows.
    """
    step, octets = WALKS[kind]
    whole = begun(room=1)
    rows, tails = [], []

    while step(octets, len(octets), len(octets), whole) == Stop.FULL:
        rows += whole.taken()
        again = begun(int(whole.state[At.POSITION]), int(whole.state[At.NOW]))
        step(octets, len(octets), len(octets), again)
        tails.append(again.taken())
    rows += whole.taken()

    assert 6 == len(rows)
    assert [rows[n + 1 :] for n in range(len(tails))] == tails


@pytest.mark.parametrize("kind", WALKS)
def test_octets_behind_the_held_ones_do_not_matter(kind: str) -> None:
    """
    Of an array of exactly what is held, and of one that goes on, the walk makes the same.
    """
    step, octets = WALKS[kind]

    for held in range(1, len(octets) + 1):
        alone, followed = begun(), begun()
        stops = (
            step(octets[:held], held, held, alone),
            step(octets[:held] + b"\x01" * 64, held, held, followed),
        )
        assert stops[0] == stops[1]
        assert alone.taken() == followed.taken()
        assert alone.state.tolist() == followed.state.tolist()
        assert stops[0] in {Stop.DONE, Stop.PARTIAL}


@pytest.mark.parametrize("kind", WALKS)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_hop_ends_where_the_walk_ends(kind: str, data: st.DataObject) -> None:
    """
    One that does not judge stops at the same place, for the same reason, with the same times and
    numbers, whatever the octets; it needs no room, writes no row and counts no reason.
    """
    step, good = WALKS[kind]
    octets = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=3)):
        octets[place] = data.draw(st.integers(0, 255))
    held = data.draw(st.integers(1, len(octets)))
    walked, hopped = begun(), begun(room=0)

    stop = step(bytes(octets), held, held, walked)

    assert stop == step(bytes(octets), held, held, hopped, judging=False)
    walked.taken()
    assert walked.state.tolist() == hopped.state.tolist()
    assert not hopped.counts.any()


def test_held_beyond_the_array_is_not_believed() -> None:
    """
    What is held ends with the array at the latest.
    """
    for step, octets in WALKS.values():
        going = begun()

        assert Stop.PARTIAL == step(octets[:-1], 1 << 40, 1 << 40, going)


def test_length_that_cannot_be_right_stops_the_walk() -> None:
    """
    A record longer than any can be is told at its own place.
    """
    good = pcap_record(FRAMES[0])
    bad = good[:8] + (262_145).to_bytes(4, "little") + good[12:]
    going = begun()

    assert Stop.BROKEN == records(good + bad, len(good + bad), 1 << 20, going)
    assert len(good) == going.state[At.POSITION]


@pytest.mark.parametrize(
    "other",
    [
        simple(b"a"),
        enhanced(1, b"a", number=1),
        enhanced((1 << 50) + 1, b"a"),
        enhanced((1 << 64) - 1, b"a"),
        enhanced(1, b"a")[:-4] + b"\x28\0\0\0",
        enhanced(1, b"a")[:20] + b"\x05\0\0\0" + enhanced(1, b"a")[24:],
        b"\x06\0\0\0\x04\0\0\0" + bytes(24),
        b"\x06\0\0\0\xff\xff\xff\xff" + bytes(24),
    ],
    ids=[
        "kind",
        "interface",
        "late",
        "latest",
        "trailer",
        "captured",
        "short",
        "long",
    ],
)
def test_what_is_no_plain_packet_stops_the_walk(other: bytes) -> None:
    """
    Any block but a packet that makes sense is left to Python, at its own place.
    """
    good = enhanced(1, b"a")
    going = begun()

    assert Stop.OTHER == blocks(good + other, len(good + other), 1 << 20, going)
    assert (len(good), 1) == (going.state[At.POSITION], going.state[At.NUMBER])


@given(st.binary(min_size=1, max_size=200), st.sampled_from(sorted(WALKS)))
@settings(max_examples=300, deadline=None)
def test_any_octets_end_a_walk(octets: bytes, kind: str) -> None:
    """
    Any octets stop a walk, which never goes past them.
    """
    going = begun()

    WALKS[kind][0](octets, len(octets), len(octets), going)

    assert 0 <= going.state[At.POSITION] <= len(octets)


def test_walks_count_no_references() -> None:
    """
    The walks hold no reference counting, which would cost two thirds of the speed; nor are they
    compiled for a second set of types.
    """
    kernels = []
    for name, kernel in (("pcap", SIEVE.walk_records), ("pcapng", SIEVE.walk_blocks)):
        step, octets = WALKS[name]
        step(octets, len(octets), len(octets), begun())
        if hasattr(kernel, "inspect_asm"):  # not where numba is told to compile nothing
            kernels.append((len(kernel.signatures), "".join(kernel.inspect_asm().values())))  # type: ignore[attr-defined]

    assert all(count == 1 and "NRT_incref" not in assembly for count, assembly in kernels)
