"""Write millions of packets from templates, as a pcap file, many at a time.

Each packet is a template and what fills its holes, as columns. A record of the file is two runs of
octets, the template's and a piece of one random pool; the runs of some thousand packets are
gathered at once, then the holes are filled and the checksums put right.
"""

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.wire import NONE, Template

Column: TypeAlias = npt.NDArray[np.int64]
Octets: TypeAlias = npt.NDArray[np.uint8]

# Little-endian, microseconds, Ethernet (draft-ietf-opsawg-pcap §4).
FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
RECORD: Final = 16
MILLION: Final = 1_000_000

# Large enough that the same tail hardly comes twice near by, small beside the captures.
POOL: Final = 8 << 20
LONGEST_TAIL: Final = 2048

# What is gathered at once stays in the second-level cache.
STEP: Final = 8192


class Packets(NamedTuple):
    """Columns, a row a packet: its template, its time in microseconds, what fills its holes.

    `tail` is where in the random pool its tail begins, an even number.
    """

    template: Column
    at: Column
    client: Column
    port: Column
    word: Column
    identification: Column
    tail: Column

    def rows(self, which: Column | slice) -> "Packets":
        return Packets(*(column[which] for column in self))

    @staticmethod
    def joined(parts: Iterable["Packets"]) -> "Packets":
        return Packets(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Writer:
    """Turns packets into the records of a pcap file."""

    def __init__(self, templates: Sequence[Template], random: np.random.Generator) -> None:
        heads = [
            struct.pack("<IIII", 0, 0, *[len(each.octets) + each.tail] * 2) + each.octets
            for each in templates
        ]
        self._length = _column(len(head) for head in heads)
        self._begin = np.cumsum(self._length) - self._length
        self._pool = int(self._length.sum())
        tails = random.integers(0, 256, POOL + LONGEST_TAIL, np.uint8)
        self._octets = np.concatenate([np.frombuffer(b"".join(heads), np.uint8), tails])
        self._sums = _running_sums(tails)
        self._last = tails
        self._columns = {
            name: _column(getattr(each, name) for each in templates)
            for name in Template._fields
            if name != "octets"
        }

    def records(self, packets: Packets) -> Iterator[Octets]:
        """Give the records, some thousand at a time, in the order of the rows."""
        for begin in range(0, len(packets.at), STEP):
            yield self._some(packets.rows(slice(begin, begin + STEP)))

    def _some(self, packets: Packets) -> Octets:
        which = packets.template
        tails = self._columns["tail"][which]
        starts = np.stack([self._begin[which], self._pool + packets.tail], axis=1).ravel()
        lengths = np.stack([self._length[which], tails], axis=1).ravel()
        ends = np.cumsum(lengths)
        begins = ends - lengths
        at = np.arange(ends[-1]) + np.repeat(starts - begins, lengths)
        out: Octets = self._octets[at]
        record = begins[::2]
        seconds, micros = np.divmod(packets.at, MILLION)
        times = np.stack([seconds, micros], axis=1).astype("<u4").view(np.uint8)
        out[record[:, None] + np.arange(8)] = times
        for name in ("client", "port", "word", "identification"):
            self._fill(out, record, which, name, getattr(packets, name))
        self._check(out, record, packets)
        return out

    def _fill(self, out: Octets, record: Column, which: Column, hole: str, values: Column) -> None:
        offset = self._columns[hole][which]
        there = offset != NONE
        at = record[there] + RECORD + offset[there]
        out[at] = values[there] >> 8
        out[at + 1] = values[there] & 0xFF

    def _check(self, out: Octets, record: Column, packets: Packets) -> None:
        """Fill in the checksums: their templates' sums and what went into the holes."""
        which = packets.template
        header = self._columns["header_sum"][which] + packets.client + packets.identification
        self._fill(out, record, which, "header_check", _complement(header))
        body = self._columns["body_sum"][which] + self._tail_sums(packets)
        for name in ("client", "port", "word"):
            body += np.where(self._columns[name][which] != NONE, getattr(packets, name), 0)
        check = _complement(body)
        check = np.where(check == 0, self._columns["zero"][which], check)
        self._fill(out, record, which, "body_check", check)

    def _tail_sums(self, packets: Packets) -> Column:
        tails = self._columns["tail"][packets.template]
        begin = packets.tail // 2
        summed = self._sums[begin + (tails + 1) // 2] - self._sums[begin]
        beyond = self._last[packets.tail + tails].astype(np.int64)
        return np.asarray(np.where(tails & 1, summed - beyond, summed))


def write(
    path: Path, templates: Sequence[Template], packets: Packets, random: np.random.Generator
) -> None:
    """Write a capture; it is there whole or not at all."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(FILE_HEADER)
            for records in Writer(templates, random).records(packets):
                file.write(records.data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _column(values: Iterable[int]) -> Column:
    return np.fromiter(values, np.int64)


def _running_sums(octets: Octets) -> Column:
    """The sum of all 16-bit words before each."""
    words = octets.view(">u2").astype(np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(words)])


def _complement(summed: Column) -> Column:
    """Fold to 16 bits and complement (RFC 1071 §1)."""
    for _ in range(3):
        summed = (summed & 0xFFFF) + (summed >> 16)
    return ~summed & 0xFFFF
