"""UDP in IP in Ethernet is read as by header after header."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from sensor.decap import plain
from sensor.decap.unwrap import Unwrap
from sensor.frame import Frame
from tests.hold import parts
from tests.sieve.law import CASES, frames

UNWRAP: Final = Unwrap()
WHOLE: Final = parts.ip(4, 17, parts.udp(50001, 53, bytes(range(40))), 7)
WHOLE6: Final = parts.ip(6, 17, parts.udp(50001, 53, bytes(range(40))), 7)
FRAME: Final = bytes(12) + b"\x08\0" + WHOLE + b"padding"
FRAME6: Final = bytes(12) + b"\x86\xdd" + WHOLE6 + b"padding"


def framed(data: bytes, link: int = 1) -> Frame:
    return Frame(at=1, data=data, link=link, length=len(data), interface="a")


def test_a_plain_frame_is_read() -> None:
    """
    With padding behind it, and what the interface is called.
    """
    for each in (FRAME, FRAME6):
        assert plain.udp(framed(each), ()) == UNWRAP.walked(framed(each))


@given(
    st.sampled_from([FRAME, FRAME6]),
    st.lists(st.tuples(st.integers(0, 65), st.integers(0, 255)), max_size=4),
    st.integers(0, len(FRAME)),
    st.sampled_from([1, 1, 1, 101, 113]),
)
def test_any_octets(octets: bytes, changes: list[tuple[int, int]], size: int, link: int) -> None:
    """
    Of changed and cut frames the same is read, or nothing.
    """
    data = bytearray(octets)
    for place, octet in changes:
        data[place] = octet
    for each in (bytes(data), bytes(data[:size])):
        frame = framed(each, link)
        assert plain.udp(frame, UNWRAP.tunnels) in (None, UNWRAP.walked(frame))


def test_all_cases() -> None:
    """
    So it is with the frames of all cases, many of which are plain.
    """
    found = [
        (read, UNWRAP.walked(frame))
        for path in sorted(CASES.glob("*/*/*.pcap"))
        for frame in frames(path)
        if (read := plain.udp(frame, UNWRAP.tunnels)) is not None
    ]

    assert len(found) > 500
    assert [] == [read for read, walked in found if read != walked]


def test_what_is_more_is_left() -> None:
    """
    Fragments, tunnels' ports and other transports are not plain.
    """
    packets = [
        *parts.fragments(WHOLE, 8),
        parts.ip(4, 17, parts.udp(50001, 4789, b"x"), 7),
        parts.ip(4, 6, parts.tcp((50001, 53), 1, 2), 7),
    ]

    for packet in packets:
        assert plain.udp(framed(bytes(12) + b"\x08\0" + packet), UNWRAP.tunnels) is None
