"""The window in one buffer: the octets of the stream, wherever they are kept meanwhile."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture.pane import Pane, filled
from sensor.capture.window import StreamError

WHOLE = bytes(range(256)) * 4


@given(
    st.lists(st.integers(1, 90), max_size=40),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99), st.integers(1, 99)), max_size=30),
)
@settings(max_examples=300, deadline=None)
def test_any_moves_show_the_same_octets(
    sizes: list[int], moves: list[tuple[int, int, int]]
) -> None:
    """
    After any slides, and in lent buffers and out of them, what is held is what the stream has at
    that place, and what was left in a lent buffer stays there.
    """
    chunks, at = [], 0
    for size in sizes:
        chunks.append(WHOLE[at : at + size])
        at += size
    whole = b"".join(chunks)
    pane = Pane(filled(iter(chunks)), 16)

    for kind, part, octets in moves:
        position = pane.held * part // 99
        start = pane.start + position
        if kind == 0:
            pane.slide(position)
        elif kind == 1:
            assert (start + octets <= len(whole)) == pane.reach(position, octets)
        else:
            lent = np.full(pane.held - position + octets, 255, dtype=np.uint8)
            pane.borrow(lent, position)
            comes = pane.fill(octets)
            assert whole[start : start + pane.held] == bytes(pane.data)
            assert comes or start + pane.held == len(whole)
            assert pane.is_full == (pane.held == len(lent))
            left = pane.held if kind == 2 else 0
            held = bytes(lent)
            pane.give_back(left)
            assert held == bytes(lent)
            start += left
        assert start == pane.start
        assert whole[start : start + pane.held] == bytes(pane.data)
        assert not pane.octets.flags.writeable


def test_stream_that_breaks_off() -> None:
    """
    What came before is held, and why no more came is said.
    """

    def fill(into: memoryview) -> int:
        if pane.held:
            raise StreamError("damaged")
        into[:3] = b"abc"
        return 3

    pane = Pane(fill, 16)
    pane.borrow(np.empty(8, dtype=np.uint8), 0)

    assert not pane.fill(8)
    assert (b"abc", "damaged") == (bytes(pane.data), pane.broken)


@pytest.mark.parametrize("wanted", [1, 5, 16, 99])
def test_fill_takes_what_is_wanted_and_has_room(wanted: int) -> None:
    """
    Nothing is read beyond what was asked for, and no buffer grows.
    """
    pane = Pane(filled(iter([WHOLE])), 16)

    assert pane.fill(wanted)
    assert min(wanted, 16) == pane.held
