"""A window on a stream of octets that slides forward and never back.

A capture is parsed with `struct.unpack_from` over large chunks: a `read` per record would cost
several times the parsing. The window holds one chunk, or as much as the record being read needs.
"""

from collections.abc import Iterator
from typing import Protocol


class StreamError(Exception):
    """The octets stop before their end: a read failed, or compressed data is cut or damaged."""


class Sliding(Protocol):
    """What a reader needs of a window; see `Window`."""

    broken: str
    start: int

    @property
    def data(self) -> bytes | memoryview: ...
    def reach(self, position: int, octets: int) -> bool: ...


class Window:
    """The octets of a stream from `start` on, as far as they are in memory.

    `data` is what is in memory, `start` the offset in the stream of `data[0]`. `broken` says
    why the stream stopped before its end, empty as long as it did not.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.data = b""
        self.start = 0
        self.broken = ""

    def reach(self, position: int, octets: int) -> bool:
        """Slide to `data[position]`, which becomes `data[0]`, and hold `octets` from there on.

        Returns:
            Whether so many octets are left in the stream. When not, `data` is all that is left.
        """
        parts = [self.data[position:]]
        held = len(parts[0])
        while held < octets and (chunk := self._next()):
            parts.append(chunk)
            held += len(chunk)
        self.data = b"".join(parts)
        self.start += position
        return held >= octets

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except StreamError as error:
            self.broken = str(error)
            return b""
