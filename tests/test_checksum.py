"""Checksums: whether a receiver would find that of a datagram right."""

import struct
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.packet import Raw

from sensor.checksum import is_right
from sensor.packet import Datagram

V4: Final = ("10.20.30.41", "10.20.0.53")
V6: Final = ("2001:db8::41", "2001:db8::53")


def datagram(layers: Any, *, version: int = 4) -> Datagram:
    """What IP carries, as scapy writes it and sums it."""
    src, dst = V4 if version == 4 else V6
    whole = bytes((IP if version == 4 else IPv6)(src=src, dst=dst) / layers)
    start, protocol = (20, whole[9]) if version == 4 else (40, whole[6])
    return Datagram(0, version, src, dst, 1, protocol, whole[start:], ("ethernet", "ip"))


def damaged(whole: Datagram, place: int) -> Datagram:
    """The same with one octet another."""
    data = bytearray(whole.data)
    data[place] ^= 0x40
    return msgspec.structs.replace(whole, data=bytes(data))


@settings(deadline=None)
@given(
    st.binary(max_size=120),
    st.sampled_from([4, 6]),
    st.sampled_from([UDP(sport=5, dport=53), TCP(sport=5, dport=53)]),
    st.data(),
)
def test_what_scapy_sums_is_right(
    payload: bytes, version: int, transport: Any, data: st.DataObject
) -> None:
    """
    UDP and TCP over IPv4 and IPv6 are right as sent, wrong with any octet changed.
    """
    whole = datagram(transport / Raw(payload), version=version)
    place = data.draw(st.integers(0, len(whole.data) - 1))

    assert is_right(whole) is True
    assert is_right(damaged(whole, place)) is False


def test_octets_behind_the_udp_length_do_not_count() -> None:
    """
    UDP sums what its own length covers; what follows is padding to the receiver.
    """
    whole = datagram(UDP(sport=5, dport=53) / Raw(b"query"))

    assert is_right(msgspec.structs.replace(whole, data=whole.data + b"padding")) is True


@pytest.mark.parametrize(("version", "expected"), [(4, None), (6, False)])
def test_no_checksum(version: int, expected: bool | None) -> None:
    """
    Zero says in IPv4 that there is none (RFC 768); in IPv6 it is wrong (RFC 8200 §8.1).
    """
    whole = datagram(UDP(sport=5, dport=53, chksum=0) / Raw(b"query"), version=version)

    assert b"\0\0" == whole.data[6:8]
    assert expected is is_right(whole)


def test_extension_headers_stand_in_front() -> None:
    """
    The checksum is looked for behind the extension headers, as the receiver does.
    """
    whole = datagram(IPv6ExtHdrDestOpt() / UDP(sport=5, dport=53) / Raw(b"query"), version=6)

    assert 60 == whole.protocol
    assert is_right(whole) is True
    assert is_right(damaged(whole, len(whole.data) - 1)) is False


@pytest.mark.parametrize("protocol", [1, 4, 41, 47, 50, 132])
def test_other_protocols_say_nothing(protocol: int) -> None:
    """
    Of a protocol without such a checksum nothing is said.
    """
    assert is_right(Datagram(0, 4, *V4, 1, protocol, bytes(64), ())) is None


@pytest.mark.parametrize(
    ("version", "protocol", "data"),
    [
        (4, 17, b""),
        (4, 17, bytes(7)),
        (4, 6, bytes(19)),
        (4, 17, struct.pack("!4H", 5, 53, 7, 1)),  # shorter than its own header
        (4, 17, struct.pack("!4H", 5, 53, 9, 1)),  # longer than there is
        (6, 60, b"\x11\x05"),  # the extension header is cut
        (4, 51, bytes(4)),
    ],
)
def test_what_no_receiver_reads_is_wrong(version: int, protocol: int, data: bytes) -> None:
    """
    Headers that are cut, or state a length that cannot be, are wrong; nothing raises.
    """
    src, dst = V4 if version == 4 else V6

    assert is_right(Datagram(0, version, src, dst, 1, protocol, data, ())) is False
