"""EVTX, the event log's own file format, read chunk by chunk with the `evtx` library.

A file is a 4,096-octet header and chunks of 64 KiB, each readable by itself (libyal/libevtx,
"Windows XML Event Log (EVTX) format"). So every chunk is handed to the library as a file of its
own: a damaged one takes no other with it, a pipe will do, and memory is one chunk's.
"""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import evtx
import msgspec

from sensor.endpoint.reasons import Reason
from sensor.endpoint.splitter import Json, Rejected

MAGIC: Final = b"ElfFile\0"

_HEADER: Final = 4096
_CHUNK: Final = 65536
_CHUNK_MAGIC: Final = b"ElfChnk\0"
_COUNT_AT: Final = 42  # number of chunks, 16 bits; 65,535 of them when there are more
_CHECKSUM_AT: Final = 124  # CRC-32 of the 120 octets before it

# A record has at least 28 octets and a chunk header 512, so a chunk holds no more than this.
_MOST_RECORDS: Final = (_CHUNK - 512) // 28

# What one record may become in JSON. Templates repeat, so it can be more than the chunk.
_LONGEST_RECORD: Final = 1 << 20


class CutError(Exception):
    """The file ends early; the argument says where and what is missing, in one line."""


def read(blocks: Iterable[bytes]) -> Iterator[Json | Rejected]:
    """Read the records of one file.

    Args:
        blocks: The file's octets, decompressed, from its magic on, in pieces of any size.

    Yields:
        Each record as JSON, in the shape `evtx_json` reads; `Rejected("corrupt")` for each record
        or chunk that cannot be read, `line` being the chunk's number.

    Raises:
        CutError: After all records, when the file ends within its header or a chunk, or before
            the chunks its header counts.
        Exception: What `blocks` raises, after the records of all whole chunks.
    """
    source = _Octets(blocks)
    header = source.take(_HEADER)
    if len(header) < _HEADER:
        raise CutError(f"the header has {_HEADER} octets, here are {len(header)}")
    (counted,) = struct.unpack_from("<H", header, _COUNT_AT)
    number = 0
    while chunk := source.take(_CHUNK):
        number += 1
        if chunk.startswith(_CHUNK_MAGIC):
            yield from _records(header, chunk, number)
        elif any(chunk):  # chunks of zeros are space kept ready
            yield Rejected(Reason.CORRUPT, number)
        if len(chunk) < _CHUNK:
            raise CutError(f"chunk {number} has {len(chunk)} of {_CHUNK} octets")
    if number < counted:
        raise CutError(f"the header counts {counted} chunks, here are {number}")


def _records(header: bytes, chunk: bytes, number: int) -> Iterator[Json | Rejected]:
    """Read the records of one chunk."""
    try:
        parser = evtx.PyEvtxParser(io.BytesIO(_file_of(header, chunk)), number_of_threads=1)
        records = parser.records_json()
    except RuntimeError:
        yield Rejected(Reason.CORRUPT, number)
        return
    for _ in range(_MOST_RECORDS):
        try:
            record = next(records)
        except StopIteration:
            return
        except RuntimeError:  # this record; the iterator goes on behind it
            yield Rejected(Reason.CORRUPT, number)
            continue
        except BaseException as failure:
            # A panic of the library comes as a BaseException of its own that has no other name.
            if type(failure).__name__ != "PanicException":
                raise
            yield Rejected(Reason.CORRUPT, number)
            return
        if record is None:
            return
        yield _decoded(record["data"], number)


def _decoded(written: str, number: int) -> Json | Rejected:
    if len(written) > _LONGEST_RECORD:
        return Rejected(Reason.OVERSIZE, number)
    try:
        return Json(msgspec.json.decode(written))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return Rejected(Reason.CORRUPT, number)


def _file_of(header: bytes, chunk: bytes) -> bytes:
    """Make a file of one chunk. A cut one is filled up, so that its whole records can be read."""
    alone = bytearray(header)
    struct.pack_into("<H", alone, _COUNT_AT, 1)
    struct.pack_into("<I", alone, _CHECKSUM_AT, zlib.crc32(bytes(alone[:120])))
    return bytes(alone) + chunk.ljust(_CHUNK, b"\0")


class _Octets:
    """Blocks of any size, taken in pieces of the asked one."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._held = bytearray()
        self._failure: Exception | None = None

    def take(self, octets: int) -> bytes:
        """Take the next `octets`, fewer at the end."""
        while len(self._held) < octets and self._failure is None:
            try:
                block = next(self._blocks, None)
            except Exception as failure:  # noqa: BLE001  # it is raised when all before it is read
                self._failure = failure
                break
            if block is None:
                break
            self._held += block
        if len(self._held) < octets and self._failure is not None:
            raise self._failure
        piece = bytes(self._held[:octets])
        del self._held[:octets]
        return piece
