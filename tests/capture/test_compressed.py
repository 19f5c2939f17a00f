"""gzip, zstd and xz on the way."""

import gzip
import lzma
import random
from collections.abc import Callable, Iterable, Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture.compressed import CHUNK, expand
from sensor.capture.window import StreamError

Compress = Callable[[bytes], bytes]


def zstd(octets: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(octets)


FORMATS: dict[str, Compress] = {"gzip": gzip.compress, "zstd": zstd, "xz": lzma.compress}
EACH_FORMAT = pytest.mark.parametrize("name", FORMATS)

# Not compressible to nothing, so that cuts and damage fall into it.
TEXT = b"".join(b"%d the quick brown fox\n" % (n * n) for n in range(400))


def expanded(chunks: Iterable[bytes]) -> tuple[bytes, str]:
    """What was decompressed, and why no more."""
    found = b""
    try:
        for chunk in expand(chunks):
            assert chunk
            found += chunk
    except StreamError as error:
        return found, str(error)
    return found, ""


def cut(octets: bytes, size: int) -> Iterator[bytes]:
    return (octets[n : n + size] for n in range(0, len(octets), size))


@EACH_FORMAT
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_format_is_told_by_its_first_octets(name: str, size: int) -> None:
    """
    Every format is recognised and decompressed, however the file comes in pieces.
    """
    assert (TEXT, "") == expanded(cut(FORMATS[name](TEXT), size))


@pytest.mark.parametrize("octets", [b"", b"\x1f", b"\xfd7zX", b"\x28\xb5\x2f", TEXT])
def test_anything_else_is_handed_on_as_it_is(octets: bytes) -> None:
    """
    What does not begin with a magic number whole is not compressed.
    """
    assert (octets, "") == expanded(cut(octets, 1))


@EACH_FORMAT
def test_members_one_after_the_other_are_one_stream(name: str) -> None:
    """
    Concatenated files decompress to the concatenation, with padding between and after.
    """
    member = FORMATS[name](TEXT)

    assert (TEXT * 3, "") == expanded([member + member + bytes(8) + member + bytes(512)])


@EACH_FORMAT
def test_long_members_one_after_the_other(name: str) -> None:
    """
    The octets after a member's end that were fed along with it belong to the next member.
    """
    content = random.Random(1).randbytes(30_000)
    member = FORMATS[name](content)

    assert (content * 5, "") == expanded([member * 5])


def test_skippable_frames_of_zstd() -> None:
    """
    A zstd file may begin with frames that hold no data, as pzstd writes them.
    """
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"

    assert (TEXT, "") == expanded([skippable + zstd(TEXT) + skippable])


@EACH_FORMAT
def test_cut_at_every_octet(name: str) -> None:
    """
    A cut file gives a beginning of its content and the reason why there is no more.
    """
    octets = FORMATS[name](TEXT)
    before = 0

    for end in range(6, len(octets)):
        found, why = expanded([octets[:end]])

        assert f"the {name} data is cut: its end is missing" == why
        assert TEXT.startswith(found)
        assert before <= len(found)
        before = len(found)


@EACH_FORMAT
def test_bad_checksum_keeps_the_content(name: str) -> None:
    """
    A checksum that does not fit is told of after everything has been handed on.
    """
    octets = bytearray(FORMATS[name](TEXT))
    # gzip: checksum and length, 4 octets each; xz: checksum, index, footer of 12 octets, which
    # tells the size of the index.
    index = (int.from_bytes(octets[-8:-4], "little") + 1) * 4
    last_of_checksum = {"gzip": -5, "zstd": -1, "xz": -13 - index}[name]
    octets[last_of_checksum] ^= 1

    found, why = expanded([bytes(octets)])

    assert TEXT == found
    assert why.startswith(f"the {name} data is damaged (")


@EACH_FORMAT
def test_something_else_after_the_end(name: str) -> None:
    """
    Octets after the compressed data that are no padding are told of.
    """
    found, why = expanded([FORMATS[name](TEXT) + b"<html>"])

    assert TEXT == found
    assert f"the {name} data ends and something that is not compressed follows" == why


@EACH_FORMAT
def test_bomb_is_taken_in_pieces(name: str) -> None:
    """
    Content that compresses to nearly nothing comes out in bounded pieces, not at once.
    """
    bomb = FORMATS[name](bytes(100_000_000))
    sizes = [len(chunk) for chunk in expand([bomb])]

    assert 100_000_000 == sum(sizes)
    assert max(sizes) <= CHUNK + 32 * 1024 * 1024


def test_memory_a_file_asks_for_is_bounded() -> None:
    """
    A file that asks for a huge dictionary is refused rather than obeyed.
    """
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    octets = lzma.compress(b"small", filters=filters)

    found, why = expanded([octets])

    assert b"" == found
    assert "Memory usage limit exceeded" in why


@given(st.sampled_from(list(FORMATS)), st.data())
@settings(max_examples=200, deadline=None)
def test_damage_never_raises_anything_else(name: str, data: st.DataObject) -> None:
    """
    Whatever happens to the octets, `expand` ends or raises `StreamError`.
    """
    octets = bytearray(FORMATS[name](TEXT))
    for place in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=4)):
        octets[place] ^= data.draw(st.integers(1, 255))
    tail = data.draw(st.binary(max_size=20))

    expanded([bytes(octets) + tail])
