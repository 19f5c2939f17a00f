"""pcapng."""

import struct
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture import pcapng
from sensor.capture.window import Window
from sensor.frame import Frame
from sensor.stage import LATEST, SECOND
from tests.capture.capture_writer import (
    block,
    enhanced,
    interface,
    obsolete,
    option,
    read,
    section,
    simple,
)

ORDERS = pytest.mark.parametrize("order", ["<", ">"])
TICKS = 1_700_000_000_123_456
AT = TICKS * 1000


@ORDERS
def test_every_kind_of_packet_block_in_both_byte_orders(order: str) -> None:
    """
    Enhanced, obsolete and simple packet blocks are frames, whatever the byte order.
    """
    octets = (
        section(order)
        + interface(order, link=1)
        + enhanced(TICKS, b"one", order)
        + obsolete(TICKS + 1, b"three", order)
        + simple(b"seven77", order)
    )

    assert (
        [
            Frame(AT, b"one", 1, 3),
            Frame(AT + 1000, b"three", 1, 5),
            Frame(AT + 1000, b"seven77", 1, 7),
        ],
        [],
    ) == read(octets)


@ORDERS
def test_each_interface_has_its_own_link_type_resolution_and_name(order: str) -> None:
    """
    A frame has the link type, the unit of time and the name of the interface it names.
    """
    octets = (
        section(order)
        + interface(order, link=1, name="eth0")
        + interface(order, link=276, name="any", resolution=9)
        + enhanced(5, b"a", order, number=1)
        + interface(order, link=101)
        + enhanced(5, b"b", order, number=0)
        + obsolete(7, b"c", order, number=2)
    )

    frames, problems = read(octets)

    assert [] == problems
    assert [
        Frame(5, b"a", 276, 1, "any"),
        Frame(5_000, b"b", 1, 1, "eth0"),
        Frame(7_000, b"c", 101, 1, ""),
    ] == frames


@given(st.integers(0, 255), st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=200, deadline=None)
def test_any_resolution_and_offset(resolution: int, ticks: int, offset: int) -> None:
    """
    if_tsresol is a negative power of 10, or of 2 with its upper bit set; if_tsoffset is seconds
    to add. Times are rounded down to nanoseconds and clamped to what the sensor can print.
    """
    octets = section() + interface(resolution=resolution, offset=offset) + enhanced(ticks, b"")
    base = 2 if resolution & 0x80 else 10
    exact = Fraction(ticks, base ** (resolution & 0x7F)) * SECOND + offset * SECOND

    frames, problems = read(octets)

    assert [] == problems
    assert [max(0, min(exact.__floor__(), LATEST))] == [frame.at for frame in frames]


def test_interfaces_end_with_their_section() -> None:
    """
    Numbers begin anew in each section, and a section has its own byte order.
    """
    octets = (
        section("<")
        + interface("<", link=1)
        + enhanced(1, b"a", "<")
        + section(">", length=40)
        + interface(">", link=113, name="b0")
        + enhanced(2, b"b", ">")
        + section("<")
        + enhanced(3, b"c", "<")
    )

    frames, problems = read(octets)

    assert [Frame(1_000, b"a", 1, 1), Frame(2_000, b"b", 113, 1, "b0")] == frames
    message = (
        "standard input: block 8 at octet 208: packet of an interface that no block before"
        " describes; 1 such left out"
    )
    assert [message] == problems


def test_simple_packet_has_the_time_of_the_frame_before() -> None:
    """
    A simple packet block has no time; the frame before may be of another section.
    """
    begin = section() + interface()
    octets = begin + simple(b"") + enhanced(5, b"") + simple(b"") + begin + simple(b"")

    frames, _ = read(octets)

    assert [0, 5_000, 5_000, 5_000] == [frame.at for frame in frames]


def test_simple_packet_is_cut_to_the_snap_length() -> None:
    """
    A simple packet block has no captured length: it is the smaller of snap and original length.
    """
    octets = section() + interface(snap_length=6) + simple(b"abcdef", length=1514)

    assert ([Frame(0, b"abcdef", 1, 1514)], []) == read(octets)


def test_enhanced_packet_shorter_than_the_wire() -> None:
    """
    The original length may exceed the captured one, and options after the data are no data.
    """
    octets = (
        section(options=option(4, b"a test"))
        + interface(snap_length=3)
        + enhanced(TICKS, b"abc", length=1514, options=option(1, b"a comment") + option(0, b""))
    )

    assert ([Frame(AT, b"abc", 1, 1514)], []) == read(octets)


def test_unknown_blocks_are_skipped() -> None:
    """
    Name resolution, statistics, secrets, custom and private blocks are no frames.
    """
    others = b"".join(block(kind, b"x" * 20) for kind in (4, 5, 9, 10, 0xBAD, 0x40000BAD, 1 << 31))
    octets = section() + others + interface() + others + enhanced(TICKS, b"a") + others

    assert ([Frame(AT, b"a", 1, 1)], []) == read(octets)


@pytest.mark.parametrize(
    ("malformed", "what"),
    [
        (enhanced(1, b"x", number=9), "packet of an interface that no block before describes"),
        (obsolete(1, b"x", number=9), "packet of an interface that no block before describes"),
        (block(6, bytes(16)), "packet block shorter than its fields"),
        (block(3, b""), "packet block shorter than its fields"),
        (block(6, struct.pack("<IIIII", 0, 0, 1, 5, 5) + b"four"), "packet longer than its block"),
        (block(1, b"1234"), "interface block shorter than its fields"),
    ],
)
def test_malformed_block_loses_only_itself(malformed: bytes, what: str) -> None:
    """
    A block that makes no sense is left out and told of once, however many there are.
    """
    octets = section() + interface() + malformed + enhanced(TICKS, b"a") + malformed

    frames, problems = read(octets)

    assert [Frame(AT, b"a", 1, 1)] == frames
    assert [f"standard input: block 3 at octet 48: {what}; 2 such left out"] == problems


def test_malformed_interface_keeps_its_number() -> None:
    """
    The interfaces after one that cannot be read keep their numbers.
    """
    octets = section() + block(1, b"") + interface(link=113) + enhanced(TICKS, b"a", number=1)

    frames, problems = read(octets)

    assert [Frame(AT, b"a", 113, 1)] == frames
    assert 1 == len(problems)


def test_section_of_another_version_is_skipped() -> None:
    """
    Of a version that is not known nothing is read but where its blocks end.
    """
    octets = (
        section(version=(2, 0))
        + interface()
        + enhanced(1, b"x")
        + section(version=(1, 2))
        + interface()
        + enhanced(TICKS, b"a")
    )

    frames, problems = read(octets)

    assert [Frame(AT, b"a", 1, 1)] == frames
    assert [
        "standard input: block 1 at octet 0: section of a version that is not 1.x; 1 such left out"
    ] == problems


def test_options_that_make_no_sense_are_as_if_not_there() -> None:
    """
    An option of a wrong length is passed over, one that is not whole ends the list.
    """
    options = option(9, b"") + option(14, b"1234") + option(2, b"eth\xff\0rest")
    body = struct.pack("<HHI", 1, 0, 0) + options + struct.pack("<HH", 9, 400)

    frames, problems = read(section() + block(1, body) + enhanced(TICKS, b"a"))

    assert ([Frame(AT, b"a", 1, 1, "eth\ufffd")], []) == (frames, problems)


def test_name_is_bounded() -> None:
    """
    An interface's name is kept in memory, so it is cut.
    """
    frames, _ = read(section() + interface(name="n" * 60000) + enhanced(TICKS, b"a"))

    assert ["n" * pcapng.LONGEST_NAME] == [frame.interface for frame in frames]


def test_interfaces_are_bounded() -> None:
    """
    Interface blocks past the bound are left out, and so are packets that name them.
    """
    most = pcapng.MOST_INTERFACES
    octets = (
        section()
        + interface() * (most + 2)
        + enhanced(TICKS, b"a", number=most - 1)
        + enhanced(TICKS, b"b", number=most)
    )

    frames, problems = read(octets)

    assert [b"a"] == [frame.data for frame in frames]
    assert 2 == len(problems)
    assert "interface past the first 65536; 2 such left out" in problems[0]


def test_length_without_padding_is_understood() -> None:
    """
    Some writers count the padding out of the block length; the file goes on at the padded end.
    """
    body = struct.pack("<IIIII", 0, 0, 7, 5, 5) + b"12345"
    total = struct.pack("<I", 12 + len(body))
    odd = struct.pack("<I", 6) + total + body + bytes(3) + total

    frames, problems = read(section() + interface() + odd + enhanced(8, b"a"))

    assert [] == problems
    assert [b"12345", b"a"] == [frame.data for frame in frames]


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (enhanced(1, b"x")[:-4] + struct.pack("<I", 40), "36 octets at its start and 40 at its"),
        (struct.pack("<II", 6, 8) + bytes(40), "says it has 8 octets, 12 to 16777216 can be right"),
        (struct.pack("<II", 6, 1 << 31) + bytes(40), "says it has 2147483648 octets"),
        (struct.pack("<II", 0x0A0D0D0A, 28) + bytes(20), "without the byte-order magic 1a2b3c4d"),
    ],
)
def test_length_that_cannot_be_right_breaks_the_file(broken: bytes, what: str) -> None:
    """
    Without a length there is no next block: what was before is kept, the rest left out.
    """
    octets = section() + interface() + enhanced(TICKS, b"a") + broken + enhanced(TICKS, b"b")

    frames, problems = read(octets)

    assert [b"a"] == [frame.data for frame in frames]
    assert 1 == len(problems)
    assert problems[0].startswith("standard input: block 4 at octet 84 ")
    assert what in problems[0]


@ORDERS
def test_cut_at_every_octet(order: str) -> None:
    """
    Wherever a file is cut, its whole blocks are kept, and one problem says so unless the cut
    falls between two blocks.
    """
    blocks = [
        section(order),
        interface(order, name="eth0"),
        enhanced(TICKS, b"a", order),
        block(5, bytes(12), order),
        simple(b"bc", order),
        section(order),
        interface(order),
        enhanced(TICKS, b"defg", order),
    ]
    data = {2: b"a", 4: b"bc", 7: b"defg"}
    octets = b"".join(blocks)
    ends = [sum(map(len, blocks[:count])) for count in range(1, len(blocks) + 1)]

    for cut in range(len(octets) + 1):
        frames, problems = read(octets[:cut])

        whole = sum(end <= cut for end in ends)
        assert [data[n] for n in range(whole) if n in data] == [frame.data for frame in frames]
        assert (0 if cut in ends else 1) == len(problems), problems


@given(
    st.lists(
        st.tuples(
            st.integers(0, LATEST // 1000), st.binary(max_size=300), st.integers(0, 2**32 - 1)
        ),
        max_size=20,
    ),
    st.sampled_from("<>"),
)
@settings(max_examples=150, deadline=None)
def test_frames_written_come_back(packets: list[tuple[int, bytes, int]], order: str) -> None:
    """
    Whatever frames are written, the same are read.
    """
    octets = section(order) + interface(order, link=228, name="lan")
    octets += b"".join(enhanced(ticks, data, order, length=n) for ticks, data, n in packets)

    assert ([Frame(t * 1000, data, 228, n, "lan") for t, data, n in packets], []) == read(octets)


@given(
    st.sampled_from([section(), section(">"), enhanced(1, b"abc"), block(9, b""), bytes(12)]),
    st.lists(st.tuples(st.integers(0, 15), st.integers(0, 255)), max_size=3),
    st.integers(0, 40),
)
@settings(max_examples=400, deadline=None)
def test_held_block_needs_no_more_octets(
    following: bytes, changes: list[tuple[int, int]], held: int
) -> None:
    """
    A block is held where reading it, or seeing that it is none, asks for nothing beyond memory;
    looking changes nothing.
    """
    octets = bytearray(section(">") + following)
    begin = len(section(">"))
    for place, value in changes:
        if begin + place < len(octets):
            octets[begin + place] = value
    window = Window(iter([bytes(octets[: begin + held]), bytes(octets[begin + held :])]))
    window.reach(0, 1)
    blocks = pcapng.Blocks(window)
    blocks.advance()
    in_memory = window.data

    is_held = blocks.is_held()

    assert in_memory is window.data
    blocks.advance()
    assert is_held == (in_memory is window.data and len(in_memory) >= begin + 12)
