"""BSD loopback: an address family in four octets."""

from collections.abc import Callable

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import loopback
from sensor.decap.header import Header, Id, WireError


@pytest.mark.parametrize("family", [2, 7, 24, 28, 30])
@pytest.mark.parametrize("order", ["little", "big"])
def test_null_is_in_either_byte_order(family: int, order: str) -> None:
    """
    The order is that of the host that captured, and no part of the file tells it.
    """
    octets = family.to_bytes(4, "little" if order == "little" else "big") + b"datagram"

    header = loopback.peel_null(memoryview(octets))

    assert ("null", Id("family", family), b"datagram") == (
        header.name,
        header.next,
        bytes(header.rest),
    )


def test_loop_is_in_network_byte_order() -> None:
    """
    OpenBSD writes the family in network byte order on every machine.
    """
    header = loopback.peel_loop(memoryview(b"\0\0\0\x18" + b"datagram"))

    assert ("loop", Id("family", 24), b"datagram") == (
        header.name,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("peel", [loopback.peel_null, loopback.peel_loop])
def test_three_octets_are_truncated(peel: Callable[[memoryview], Header]) -> None:
    """
    Less than a whole family cannot be taken off.
    """
    with pytest.raises(WireError) as error:
        peel(memoryview(b"\x02\0\0"))

    assert error.value.anomaly is Anomaly.HEADER_TRUNCATED
