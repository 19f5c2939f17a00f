"""A plain fragment or segment is read as `sensor.decap` reads it."""

import random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.decap.unwrap import unwrap
from sensor.frame import Frame
from sensor.hold import plain
from sensor.hold.plain import Part, Segment
from sensor.packet import Fragment, Packet
from tests.hold import parts
from tests.sieve.law import CASES, frames

FRAMES: Final = [
    frame
    for seed in range(40)
    for frame in parts.traffic(random.Random(seed), talks=10, trouble=0.2)
]


def check(frame: Frame) -> Part | Segment | None:
    """Assert that nothing else is read; return what is."""
    part, segment = plain.fragment(frame), plain.segment(frame)
    found = unwrap(frame)
    if part is not None:
        assert isinstance(found, Fragment)
        protocol = found.protocol if found.version == 6 and not found.offset else part.protocol
        expected = (found.version, protocol, found.offset, found.more, found.data)
        assert expected == part[1:6]
        assert part.is_whole is (found.missing == 0)
    if segment is not None:
        assert isinstance(found, Packet)
        assert (found.sequence, found.control, found.payload) == segment[1:4]
    return part or segment


def test_what_is_read_is_what_the_river_reads() -> None:
    """
    Of some thousand frames in trouble; most are plain.
    """
    read = [check(frame) for frame in FRAMES]

    assert sum(each is not None for each in read) > len(FRAMES) * 0.9


def test_keys_are_the_rivers() -> None:
    """
    Two frames have the same key when the river puts them together, and never otherwise.
    """
    fragments: dict[bytes, set[object]] = {}
    segments: dict[bytes, set[object]] = {}
    for frame in FRAMES:
        found, part, segment = unwrap(frame), plain.fragment(frame), plain.segment(frame)
        if part is not None and isinstance(found, Fragment):
            protocol = found.protocol if found.version == 4 else None
            key = (found.src, found.dst, protocol, found.identification)
            fragments.setdefault(part.key, set()).add(key)
        if segment is not None and isinstance(found, Packet):
            ends = (found.src, found.sport, found.dst, found.dport)
            segments.setdefault(segment.key, set()).add(ends)

    for keys in (fragments, segments):
        assert len(keys) > 1
        assert {1} == {len(theirs) for theirs in keys.values()}
        assert len(keys) == len(set().union(*keys.values()))


@given(st.sampled_from(FRAMES), st.data())
def test_any_octets(frame: Frame, data: st.DataObject) -> None:
    """
    Of changed and cut frames the same is read, or nothing, and nothing raises.
    """
    octets = bytearray(frame.data)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, min(len(octets), 80) - 1))
        octets[place] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(0, len(octets)))])

    check(Frame(at=frame.at, data=cut, link=1, length=frame.length))


@pytest.mark.parametrize("area", ["decap", "fragments", "streams"])
def test_cases(area: str) -> None:
    """
    The frames of the cases are read as the river reads them.
    """
    for path in sorted((CASES / area).glob("*/*.pcap")):
        for frame in frames(path):
            check(frame)
