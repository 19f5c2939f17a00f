"""Decompress gzip, zstd and xz on the way, told by their first octets.

Sources: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format 1.2.1 (tukaani.org/xz).

Members that follow one another are one stream, as their own tools have it (RFC 1952 §2.2, RFC
8878 §3.1, xz §2), and zero octets between and after them are padding (tape blocks; xz §2.2).

A decoder that meets damage throws away what it had decoded in that call. So it is fed in small
pieces: one octet at first, never more than 1/4096 of what went before. Of a tiny file nothing
is lost but the damage, of a large one a few records.
"""

import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, Protocol

import zstandard

from sensor.capture.window import StreamError

# A chunk handed on: large enough that its overhead vanishes, small enough to hold per open file.
CHUNK: Final = 128 * 1024

# The most fed to a decoder in one call. It bounds what a bomb makes of it: an RLE block of zstd
# is 4 octets that stand for 128 KiB (RFC 8878 §3.1.1.2), so one piece decodes to 32 MiB at most.
PIECE: Final = 1024

# zstd's own limit without --long, and twice what `xz -9` needs (65 MiB, xz(1)).
ZSTD_WINDOW: Final = 128 * 1024 * 1024
XZ_MEMORY: Final = 128 * 1024 * 1024


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Format(NamedTuple):
    name: str
    decoder: Callable[[], _Decoder]


def _gzip() -> _Decoder:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: a gzip header and trailer


def _zstd() -> _Decoder:
    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()


def _xz() -> _Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


_ZSTD: Final = _Format("zstd", _zstd)
_FORMATS: Final = {
    b"\x1f\x8b": _Format("gzip", _gzip),
    b"\x28\xb5\x2f\xfd": _ZSTD,
    # Skippable frames (RFC 8878 §3.1.2); pzstd begins its files with one.
    **{bytes((0x50 + n, 0x2A, 0x4D, 0x18)): _ZSTD for n in range(16)},
    b"\xfd7zXZ\x00": _Format("xz", _xz),
}
LONGEST_MAGIC: Final = max(map(len, _FORMATS))
_DAMAGE: Final = (zlib.error, zstandard.ZstdError, lzma.LZMAError)


def is_compressed(head: bytes) -> bool:
    """Say whether octets that begin so, with `LONGEST_MAGIC` of them at hand, are compressed."""
    return _detect(head) is not None


def expand(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress the octets where they are gzip, zstd or xz; else hand them on as they are.

    Args:
        chunks: The octets of one file, in pieces of any size.

    Yields:
        Pieces that are never empty, about `CHUNK` octets each where they were decompressed.

    Raises:
        StreamError: After all that could be decompressed, when the compressed data is cut or
            damaged, asks for more memory than allowed, or is followed by something else.
    """
    source = _Source(chunks)
    if _detect(source.peek(LONGEST_MAGIC)) is None:
        yield from source.rest()
        return
    ready: list[bytes] = []
    size = 0
    try:
        for piece in _members(source):
            ready.append(piece)
            size += len(piece)
            if size >= CHUNK:
                yield b"".join(ready)
                ready.clear()
                size = 0
    except StreamError:
        if ready:
            yield b"".join(ready)
        raise
    if ready:
        yield b"".join(ready)


class _Source:
    """The compressed octets, taken in pieces of the asked size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._position = 0
        self._before = 0

    @property
    def taken(self) -> int:
        return self._before + self._position

    def peek(self, octets: int) -> bytes:
        """Look at the next `octets`, fewer at the end, without taking them."""
        while len(self._held) - self._position < octets and (chunk := next(self._chunks, b"")):
            self._before += self._position
            self._held = self._held[self._position :] + chunk
            self._position = 0
        return self._held[self._position : self._position + octets]

    def take(self, octets: int) -> bytes:
        """Take at most `octets`, none at the end."""
        piece = self.peek(1) and self._held[self._position : self._position + octets]
        self._position += len(piece)
        return piece

    def put_back(self, octets: int) -> None:
        """Undo the last `octets` of the last take."""
        self._position -= octets

    def skip_padding(self) -> None:
        """Pass over zero octets, some at a time: copying all that is held would be quadratic."""
        piece = self._held[self._position : self._position + PIECE]
        self._position += len(piece) - len(piece.lstrip(b"\0"))

    def rest(self) -> Iterator[bytes]:
        if self._position < len(self._held):
            yield self._held[self._position :]
        yield from filter(None, self._chunks)


def _detect(head: bytes) -> _Format | None:
    for magic, form in _FORMATS.items():
        if head.startswith(magic):
            return form
    return None


def _members(source: _Source) -> Iterator[bytes]:
    """Decompress one member after the other, each by its own first octets."""
    before = ""
    while head := source.peek(LONGEST_MAGIC):
        form = _detect(head)
        if form is not None:
            yield from _member(form, source)
            before = form.name
        elif head[0] == 0:
            source.skip_padding()
        else:
            raise StreamError(
                f"the {before} data ends and something that is not compressed follows"
            )


def _member(form: _Format, source: _Source) -> Iterator[bytes]:
    decoder = form.decoder()
    while not decoder.eof:
        piece = source.take(min(max(1, source.taken // 4096), PIECE))
        if not piece:
            raise StreamError(f"the {form.name} data is cut: its end is missing")
        try:
            octets = decoder.decompress(piece)
        except _DAMAGE as error:
            raise StreamError(f"the {form.name} data is damaged ({error})") from error
        if octets:
            yield octets
    source.put_back(len(decoder.unused_data))
