"""EVTX files, whole, cut and damaged."""

import random
from collections import Counter
from pathlib import Path

import evtx
import msgspec
import pytest

from sensor.endpoint import evtx_file
from sensor.endpoint.evtx_file import CutError
from sensor.endpoint.splitter import Json, Rejected
from tests.realdata import REALDATA, needs_realdata

FILES = sorted((REALDATA / "evtx").glob("*.evtx"))
CHUNK = 65536
HEADER = 4096


def read(octets: bytes, block: int = 10_000) -> tuple[list[Json], Counter[str], str]:
    records: list[Json] = []
    rejected: Counter[str] = Counter()
    cut = ""
    try:
        for piece in evtx_file.read(octets[at : at + block] for at in range(0, len(octets), block)):
            if isinstance(piece, Rejected):
                rejected[piece.reason] += 1
            else:
                records.append(piece)
    except CutError as error:
        cut = str(error)
    return records, rejected, cut


@needs_realdata
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_chunk_by_chunk_gives_what_the_library_gives_at_once(path: Path) -> None:
    """
    Every record of the file, in its order.
    """
    expected = [
        msgspec.json.decode(record["data"])
        for record in evtx.PyEvtxParser(str(path), number_of_threads=1).records_json()
        if record is not None
    ]

    records, rejected, cut = read(path.read_bytes())

    assert expected == [record.value for record in records]
    assert (Counter(), "") == (rejected, cut)


@needs_realdata
def test_a_corrupt_chunk_loses_itself_only() -> None:
    """
    It is counted, and the chunks after it are read.
    """
    octets = bytearray(_largest())
    whole, _, _ = read(bytes(octets))
    lost, _, _ = read(bytes(octets[: HEADER + CHUNK]))
    octets[HEADER : HEADER + 8] = b"garbage!"

    records, rejected, cut = read(bytes(octets))

    assert whole[len(lost) :] == records
    assert (Counter({"corrupt": 1}), "") == (rejected, cut)


@needs_realdata
@pytest.mark.parametrize(
    ("size", "says"),
    [
        (100, "the header has 4096 octets, here are 100"),
        (HEADER, "the header counts 12 chunks, here are 0"),
        (HEADER + 2 * CHUNK, "the header counts 12 chunks, here are 2"),
        (HEADER + 2 * CHUNK + 30_000, "chunk 3 has 30000 of 65536 octets"),
    ],
)
def test_a_cut_file_gives_what_is_whole_and_says_where_it_ends(size: int, says: str) -> None:
    """
    In a cut chunk too, the records before the cut are read.
    """
    octets = _largest()
    chunks = max(0, size - HEADER) // CHUNK
    whole, _, _ = read(octets[: HEADER + chunks * CHUNK])

    records, _, cut = read(octets[:size])

    assert says == cut
    assert whole == records[: len(whole)]
    assert (size % CHUNK > HEADER) == (len(records) > len(whole))


@needs_realdata
def test_no_damage_raises_or_hangs() -> None:
    """
    Seeded flips, cuts and runs of octets over whole chunks, records and headers alike.
    """
    octets = _largest()[: HEADER + CHUNK]
    chance = random.Random(22)
    for _ in range(400):
        spoilt = bytearray(octets)
        for _ in range(chance.choice((1, 4, 30, 500))):
            spoilt[chance.randrange(8, len(spoilt))] = chance.choice(
                (0, 255, chance.randrange(256))
            )
        read(bytes(spoilt[: chance.choice((len(spoilt), chance.randrange(len(spoilt))))]))


def test_a_header_of_chunks_that_are_none_is_corrupt() -> None:
    """
    Chunks of zeros are space kept ready; anything else is counted.
    """
    header = evtx_file.MAGIC.ljust(HEADER, b"\0")

    assert ([], Counter({"corrupt": 1}), "") == read(
        header + bytes(CHUNK) + b"x".ljust(CHUNK, b"\0")
    )


def _largest() -> bytes:
    return max(FILES, key=lambda path: path.stat().st_size).read_bytes()
