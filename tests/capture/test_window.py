"""The window on a stream of octets."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture.window import StreamError, Window


@given(st.lists(st.binary(min_size=1, max_size=20)), st.lists(st.integers(1, 30)))
@settings(max_examples=150, deadline=None)
def test_any_cut_into_chunks_gives_the_same_octets(chunks: list[bytes], steps: list[int]) -> None:
    """
    What the window shows does not depend on how the stream is cut into chunks.
    """
    octets = b"".join(chunks)
    window = Window(iter(chunks))
    start = 0

    for step in steps:
        reached = window.reach(start - window.start, step)

        assert (start + step <= len(octets)) == reached
        assert start == window.start
        assert octets[start : start + step] == window.data[:step]
        start += min(step, len(window.data))


def test_broken_stream_ends_and_says_why() -> None:
    """
    What came before the break can be read, then the stream ends with its reason.
    """

    def chunks() -> Iterator[bytes]:
        yield b"abc"
        raise StreamError("the wire was cut")

    window = Window(chunks())

    assert window.reach(0, 3)
    assert "" == window.broken
    assert not window.reach(1, 3)
    assert (b"bc", 1, "the wire was cut") == (window.data, window.start, window.broken)
