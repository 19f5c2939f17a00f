"""Walk the frames of a capture, ask `judge` about each, write a row for each that passes.

A walk goes over one stretch of a file in memory, stops where it cannot go on by itself, says why,
and is resumed from there by the next call. One that does not judge reads the records alike and
writes nothing: it tells where they end, so that others can walk them side by side.

Formats as in `sensor.capture.pcap` and `sensor.capture.pcapng`, which read what these kernels
leave to them.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensor.sieve.compiled import kernel
from sensor.sieve.frame import judge
from sensor.sieve.reasons import LAST_DROPPED
from sensor.stage import LATEST, SECOND


class Stop(IntEnum):
    """Why a walk stopped."""

    DONE = 0  # the stretch ends here, the next one begins here
    PARTIAL = 1  # the octets in memory end within a record or block
    FULL = 2  # there is no more room for rows
    BROKEN = 3  # a length that cannot be right
    OTHER = 4  # a block that is not a plain packet


class At(IntEnum):
    """Places in a walk's `state`, which goes from call to call."""

    POSITION = 0  # the offset of the next record or block
    NUMBER = 1  # how many records or blocks were walked
    NOW = 2  # the largest time of all frames so far
    LAST = 3  # the time of the last frame
    ROWS = 4  # how many rows are filled
    FRAMES = 5  # how many frames were walked


class Column(IntEnum):
    """What a row says of a frame that passes."""

    AT = 0
    NOW = 1  # the largest time of all frames up to this one
    BEGIN = 2  # offset of its first octet
    CAPTURED = 3
    LENGTH = 4
    INTERFACE = 5  # its number; 0 in pcap
    REASON = 6


class Form(IntEnum):
    """Places in what a walk must know of a pcap file: see `sensor.capture.pcap.Layout`."""

    IS_BIG = 0  # byte order, big-endian or not
    UNIT = 1
    RECORD_HEADER = 2
    LINK = 3
    LARGEST = 4
    SWAPPED = 5
    MAYBE_SWAPPED = 6


class Point(IntEnum):
    """What a walk must know of a pcapng interface: see `sensor.capture.pcapng.Interface`."""

    LINK = 0
    MULTIPLIER = 1
    DIVISOR = 2
    OFFSET = 3
    MOST_TICKS = 4  # past it the time does not fit 64 bits on the way; -1 leaves all to Python


# Rows of counts: frames and captured octets by reason.
FRAMES: Final = 0
OCTETS: Final = 1

# Room for reasons: a power of two, so that any number is brought within bounds by a mask.
REASONS: Final = 16

_DONE: Final = int(Stop.DONE)
_PARTIAL: Final = int(Stop.PARTIAL)
_FULL: Final = int(Stop.FULL)
_BROKEN: Final = int(Stop.BROKEN)
_OTHER: Final = int(Stop.OTHER)
_ENHANCED_PACKET: Final = 6
_BLOCK_ENDS: Final = 12  # type and both lengths: draft-ietf-opsawg-pcapng §3.1
_PACKET_HEADER: Final = 20  # §4.3
_MOST_BLOCK: Final = 16 * 1024 * 1024  # `sensor.capture.pcapng.LARGEST`


class Walk(NamedTuple):
    """The arrays of one walk, each of the type that the kernels were compiled for."""

    state: NDArray[np.int64]
    rows: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def begun(cls, position: int, counts: NDArray[np.int64], *, room: int, now: int = 0) -> "Walk":
        """Begin at a record, all frames before it having come by `now`; add to `counts`."""
        state = np.zeros(len(At), dtype=np.int64)
        state[At.POSITION], state[At.NOW] = position, now
        return cls(state, np.empty((room, len(Column)), dtype=np.int64), counts)

    def taken(self) -> list[list[int]]:
        """Take the rows, so that there is room for others."""
        rows: list[list[int]] = self.rows[: self.state[At.ROWS]].tolist()
        self.state[At.ROWS] = 0
        return rows


@kernel
def word(octets, at, is_big):
    """Read 32 bits; the caller has made sure of their bounds."""
    a, b = np.int64(octets[at]), np.int64(octets[at + 1])
    c, d = np.int64(octets[at + 2]), np.int64(octets[at + 3])
    if is_big:
        return a << 24 | b << 16 | c << 8 | d
    return d << 24 | c << 16 | b << 8 | a


@kernel
def count(counts, reason, captured):
    """Count a frame by what became of it."""
    place = reason & (REASONS - 1)
    counts[FRAMES, place] += 1
    counts[OCTETS, place] += captured


@kernel
def write(rows, row, at, now, begin, captured, length, interface, reason):
    """Write a row; the caller has made sure that there is one."""
    rows[row, 0] = at
    rows[row, 1] = now
    rows[row, 2] = begin
    rows[row, 3] = captured
    rows[row, 4] = length
    rows[row, 5] = interface
    rows[row, 6] = reason


@kernel
def walk_records(octets, held, limit, form, is_judging, state, rows, counts, *tables):
    """Walk the records of a pcap file.

    `octets[:held]` are there to be read; records that begin at `limit` or later are not walked.
    Without `is_judging` nothing is judged, counted by reason or written.
    """
    held = min(held, octets.size)
    is_big = form[0] != 0
    unit = form[1]
    header = max(form[2], 16)
    link = form[3]
    largest = form[4]
    swapped = form[5] != 0
    maybe_swapped = form[6] != 0
    position = max(state[0], 0)
    number = state[1]
    now = state[2]
    last = state[3]
    row = max(state[4], 0)
    frames = state[5]
    stop = _DONE
    while position < limit:
        if header > held - position:
            stop = _PARTIAL
            break
        if is_judging and row >= rows.shape[0]:
            stop = _FULL
            break
        captured = word(octets, position + 8, is_big)
        length = word(octets, position + 12, is_big)
        if swapped or (maybe_swapped and captured > length):
            captured, length = length, captured
        if captured > largest:
            stop = _BROKEN
            break
        begin = position + header
        if captured > held - begin:
            stop = _PARTIAL
            break
        last = word(octets, position, is_big) * SECOND + word(octets, position + 4, is_big) * unit
        now = max(now, last)
        if is_judging:
            reason = judge(octets, begin, begin + captured, length, link, *tables)
            count(counts, reason, captured)
            if reason > LAST_DROPPED:
                write(rows, row, last, now, begin, captured, length, 0, reason)
                row += 1
        position = begin + captured
        number += 1
        frames += 1
    state[0] = position
    state[1] = number
    state[2] = now
    state[3] = last
    state[4] = row
    state[5] = frames
    return stop


@kernel
def walk_blocks(
    octets, held, limit, is_big, points, known, is_judging, state, rows, counts, *tables
):
    """Walk the enhanced packet blocks of a pcapng file, up to the first other one.

    `octets[:held]` are there to be read; blocks that begin at `limit` or later are not walked.
    Without `is_judging` nothing is judged, counted by reason or written.
    The first `known` rows of `points` are the section's interfaces. A block that makes no sense
    is one that is other, too.
    """
    held = min(held, octets.size)
    known = min(known, points.shape[0])
    position = max(state[0], 0)
    number = state[1]
    now = state[2]
    last = state[3]
    row = max(state[4], 0)
    frames = state[5]
    stop = _DONE
    while position < limit:
        if held - position < _BLOCK_ENDS:
            stop = _PARTIAL
            break
        if is_judging and row >= rows.shape[0]:
            stop = _FULL
            break
        total = word(octets, position + 4, is_big)
        is_packet = word(octets, position, is_big) == _ENHANCED_PACKET
        if not is_packet or not _BLOCK_ENDS + _PACKET_HEADER <= total <= _MOST_BLOCK:
            stop = _OTHER
            break
        size = (total + 3) & ~3
        if size > held - position:
            stop = _PARTIAL
            break
        interface = word(octets, position + 8, is_big)
        ticks = word(octets, position + 12, is_big)
        low = word(octets, position + 16, is_big)
        captured = word(octets, position + 20, is_big)
        length = word(octets, position + 24, is_big)
        begin = position + 8 + _PACKET_HEADER
        is_plain = (
            word(octets, position + size - 4, is_big) == total
            and interface < known
            and captured <= size - _BLOCK_ENDS - _PACKET_HEADER
            and ticks < 1 << 31
        )
        if not is_plain:
            stop = _OTHER
            break
        ticks = ticks << 32 | low
        if ticks > points[interface, 4]:
            stop = _OTHER
            break
        multiplier = points[interface, 1]
        divisor = points[interface, 2]
        if divisor == 1:
            last = ticks * multiplier
        else:
            whole = ticks // divisor
            last = whole * multiplier + (ticks - whole * divisor) * multiplier // divisor
        last = min(max(last + points[interface, 3], 0), LATEST)
        now = max(now, last)
        if is_judging:
            reason = judge(octets, begin, begin + captured, length, points[interface, 0], *tables)
            count(counts, reason, captured)
            if reason > LAST_DROPPED:
                write(rows, row, last, now, begin, captured, length, interface, reason)
                row += 1
        position += size
        number += 1
        frames += 1
    state[0] = position
    state[1] = number
    state[2] = now
    state[3] = last
    state[4] = row
    state[5] = frames
    return stop
