"""Classic pcap."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture.pcap import LARGEST, LARGEST_USUAL
from sensor.frame import Frame
from sensor.stage import LATEST, SECOND
from tests.capture.capture_writer import (
    MICROSECONDS,
    NANOSECONDS,
    PATCHED,
    pcap,
    pcap_header,
    pcap_record,
    read,
)

FRAME = Frame(1_700_000_000_123_456_000, b"\x01\x02\x03\x04\x05", 1, 5)
OTHER = Frame(1_700_000_001_000_001_000, b"\x0a" * 60, 1, 1514)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [MICROSECONDS, NANOSECONDS, PATCHED])
def test_every_magic_in_both_byte_orders(order: str, magic: int) -> None:
    """
    The magic number tells the byte order, the unit of time and the length of a record header.
    """
    octets = pcap([FRAME, OTHER], order, magic)

    assert ([FRAME, OTHER], []) == read(octets)


def test_nanoseconds_are_kept() -> None:
    """
    Magic a1b23c4d counts nanoseconds, and none is rounded away.
    """
    frame = Frame(1_700_000_000_123_456_789, b"x", 1, 1)

    assert ([frame], []) == read(pcap([frame], magic=NANOSECONDS))


def test_length_is_what_was_on_the_wire() -> None:
    """
    A snap length shorter than the packet cuts the data, not `length`.
    """
    frames, _ = read(pcap([OTHER]))

    assert [(60, 1514)] == [(len(frame.data), frame.length) for frame in frames]


@pytest.mark.parametrize("upper", [0, 0x2400_0000, 0xFFFF_0000])
def test_link_type_is_the_low_16_bits(upper: int) -> None:
    """
    The upper bits of the link type field say how long a frame check sequence is.
    """
    frames, _ = read(pcap_header(link=upper | 276) + pcap_record(FRAME))

    assert [276] == [frame.link for frame in frames]


def test_seconds_are_unsigned() -> None:
    """
    Times go past 2038 up to 2106, and stay below `LATEST` whatever the fraction says.
    """
    record = struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0, 0)

    frames, problems = read(pcap_header() + record)

    assert [] == problems
    assert [0xFFFFFFFF * SECOND + 0xFFFFFFFF * 1000] == [frame.at for frame in frames]
    assert frames[0].at < LATEST


@pytest.mark.parametrize("version", [(2, 4), (0, 0), (1, 0), (2, 5), (65535, 65535)])
def test_version_is_not_held_against_a_file(version: tuple[int, int]) -> None:
    """
    Files of unheard-of versions are read like 2.4.
    """
    octets = pcap_header(version=version) + pcap_record(OTHER)

    assert ([OTHER], []) == read(octets)


@pytest.mark.parametrize("version", [(2, 0), (2, 2), (2, 3), (543, 0)])
def test_old_versions_have_the_lengths_the_other_way_round(version: tuple[int, int]) -> None:
    """
    Before 2.3, and in some files of 2.3, the original length comes before the captured one.
    """
    times = struct.pack("<II", 1_700_000_001, 1)
    record = times + struct.pack("<II", 1514, 60) + OTHER.data

    assert ([OTHER], []) == read(pcap_header(version=version) + record)


def test_file_without_records_is_whole() -> None:
    """
    A file header alone is a capture of nothing.
    """
    assert ([], []) == read(pcap_header())


def test_length_past_the_bound_breaks_the_file() -> None:
    """
    A record longer than can be right ends the file: the records before it are kept.
    """
    broken = struct.pack("<IIII", 0, 0, LARGEST_USUAL + 1, LARGEST_USUAL + 1)
    octets = pcap([FRAME]) + broken + bytes(LARGEST_USUAL + 1) + pcap_record(OTHER)

    frames, problems = read(octets)

    assert [FRAME] == frames
    message = (
        "standard input: record 2 at octet 45 says it holds 262145 octets, at most 262144 can be"
        " right: broken there, the rest is left out"
    )
    assert [message] == problems


def test_snap_length_raises_the_bound() -> None:
    """
    A capture made with a larger snap length than usual holds larger records.
    """
    frame = Frame(0, bytes(LARGEST_USUAL + 1), 1, LARGEST_USUAL + 1)
    octets = pcap_header(snap_length=LARGEST_USUAL + 1) + pcap_record(frame)

    assert ([frame], []) == read(octets)


def test_snap_length_does_not_raise_the_bound_without_end() -> None:
    """
    A damaged header cannot make the reader wait for gigabytes.
    """
    record = struct.pack("<IIII", 0, 0, LARGEST + 1, LARGEST + 1)

    frames, problems = read(pcap_header(snap_length=0xFFFFFFFF) + record)

    assert [] == frames
    assert 1 == len(problems)
    assert f"at most {LARGEST} can be right" in problems[0]


@pytest.mark.parametrize("magic", [MICROSECONDS, PATCHED])
def test_cut_at_every_octet(magic: int) -> None:
    """
    Wherever a file is cut, its whole records are kept, and one problem says so unless the cut
    falls between two records.
    """
    whole = [FRAME, OTHER, FRAME]
    octets = pcap(whole, magic=magic)
    ends = [len(pcap(whole[:count], magic=magic)) for count in range(len(whole) + 1)]

    for cut in range(len(octets) + 1):
        frames, problems = read(octets[:cut])

        assert whole[: sum(end <= cut for end in ends[1:])] == frames
        assert (0 if cut in ends else 1) == len(problems), problems


def test_problem_says_where() -> None:
    """
    The line about a cut names record and octet, what was to come and what is there.
    """
    octets = pcap([FRAME, OTHER])

    _, problems = read(octets[:-1])

    assert [
        "standard input: cut in record 2 at octet 45: 76 octets were to come, 75 are there"
    ] == problems


def test_cut_file_header() -> None:
    """
    A file cut in its header says so, and what would be right.
    """
    message = "standard input: cut, in the file header at octet 10: it has 24 octets"

    assert ([], [message]) == read(pcap_header()[:10])


@given(
    st.lists(
        st.builds(
            Frame,
            at=st.integers(0, 0xFFFFFFFF).map(lambda seconds: seconds * SECOND + 999_999_999),
            data=st.binary(max_size=300),
            link=st.just(105),
            length=st.integers(0, 0xFFFFFFFF),
        ),
        max_size=20,
    ),
    st.sampled_from("<>"),
)
@settings(max_examples=150, deadline=None)
def test_frames_written_come_back(frames: list[Frame], order: str) -> None:
    """
    Whatever frames are written, the same are read.
    """
    octets = pcap(frames, order, NANOSECONDS, link=105)

    assert (frames, []) == read(octets)
