"""ARCNET as Linux captures it."""

import pytest

from sensor.decap import arcnet
from sensor.decap.header import Id


@pytest.mark.parametrize(
    ("protocol", "split", "expected"),
    [
        (212, b"\0\0\x01", Id("ethertype", 0x0800)),
        (196, b"\0\0\x01", Id("ethertype", 0x86DD)),
        (213, b"\0\0\x01", Id("ethertype", 0x0806)),
        (240, b"", Id("ethertype", 0x0800)),
        (241, b"", Id("ethertype", 0x0806)),
        (129, b"", Id("arcnet", 129)),
    ],
)
def test_protocol_says_what_follows_and_where(protocol: int, split: bytes, expected: Id) -> None:
    """
    RFC 1201 and RFC 2497 have a split flag and a sequence number, RFC 1051 has not.
    """
    octets = bytes([0x10, 0x20, 0xFF, 0xFF, protocol]) + split + b"datagram"

    header = arcnet.peel(memoryview(octets))

    assert ("arcnet", None, expected, b"datagram") == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )
