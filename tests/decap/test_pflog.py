"""What the BSDs' packet filter logs."""

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import pflog
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return pflog.peel(memoryview(octets))


@pytest.mark.parametrize(
    ("length", "size"),
    [(45, 48), (61, 64), (64, 64), (69, 72), (100, 100)],  # NetBSD 3, then FreeBSD, OpenBSD
)
@pytest.mark.parametrize("family", [2, 24, 28, 30])
def test_header_is_padded_to_four_octets(length: int, size: int, family: int) -> None:
    """
    Its own length does not count the padding.
    """
    header = peel(bytes([length, family]) + bytes(size - 2) + b"datagram")

    assert ("pflog", None, Id("family", family), b"datagram") == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("length", [0, 28, 44])
def test_shorter_than_any_is_malformed(length: int) -> None:
    """
    Among them the format of before, which begins with a family of four octets.
    """
    with pytest.raises(WireError) as error:
        peel(bytes([length, 2]) + bytes(62))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)
