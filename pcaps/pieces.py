"""What make.py files cut packets with: IP fragments of an Ethernet frame without tags."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from craft import Frame
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment

STEP = 100_000  # nanoseconds between two fragments


def payload(frame: Frame) -> bytes:
    """What the IP header carries, of which the fragments are parts."""
    return frame.data[54 if _is_ipv6(frame) else 34 :]


def piece(frame: Frame, start: int, stop: int | None = None, whole: bytes = b"") -> Frame:
    """The fragment with the octets from `start` to `stop` of what IP carries.

    `whole` takes the place of what IP carries, and may be shorter or longer: a forged fragment.
    """
    whole = whole or payload(frame)
    stop = len(whole) if stop is None else stop
    more = stop < len(whole)
    if _is_ipv6(frame):
        was = IPv6(frame.data[14:54])
        header = IPv6(src=was.src, dst=was.dst, hlim=was.hlim) / IPv6ExtHdrFragment(
            nh=was.nh, offset=start // 8, m=more, id=zlib.crc32(frame.data)
        )
    else:
        was = IP(frame.data[14:34])
        header = IP(src=was.src, dst=was.dst, id=was.id, ttl=was.ttl, proto=was.proto)
        header.flags, header.frag = "MF" if more else 0, start // 8
    return replace(frame, data=frame.data[:14] + bytes(header / whole[start:stop]))


def cut(frame: Frame, *places: int) -> list[Frame]:
    """Cut what IP carries at these octets: all fragments, in order."""
    ends = [*places, len(payload(frame))]
    pieces = [piece(frame, *span) for span in zip([0, *places], ends, strict=True)]
    return spaced(pieces)


def spaced(frames: Sequence[Frame]) -> list[Frame]:
    """Let frames come one close after the other, from the earliest one's time on."""
    first = min(frame.at for frame in frames)
    return [replace(frame, at=first + number * STEP) for number, frame in enumerate(frames)]


def _is_ipv6(frame: Frame) -> bool:
    return frame.data[14] >> 4 == 6
