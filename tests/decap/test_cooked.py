"""Linux cooked capture, both versions."""

import struct
from collections.abc import Callable

import pytest

from sensor.anomalies import Anomaly
from sensor.decap import cooked
from sensor.decap.header import Header, Id, WireError

Peel = Callable[[memoryview], Header]


def v1(protocol: int, device: int = 1) -> bytes:
    return struct.pack(">HHH8sH", 0, device, 6, b"\x02\0\0\0\0\x01", protocol)


def v2(protocol: int, device: int = 1) -> bytes:
    return struct.pack(">HHIHBB8s", protocol, 0, 3, device, 4, 6, b"\x02\0\0\0\0\x01")


VERSIONS = pytest.mark.parametrize(
    ("peel", "make", "name", "size"),
    [(cooked.peel_v1, v1, "sll", 16), (cooked.peel_v2, v2, "sll2", 20)],
)


@VERSIONS
def test_protocol_is_an_ethernet_type(
    peel: Peel, make: Callable[..., bytes], name: str, size: int
) -> None:
    """
    Version 1 has the protocol last in sixteen octets, version 2 first in twenty.
    """
    header = peel(memoryview(make(0x86DD) + b"datagram"))

    assert size == len(make(0x86DD))
    assert (name, Id("ethertype", 0x86DD), b"datagram") == (
        header.name,
        header.next,
        bytes(header.rest),
    )


@VERSIONS
def test_protocol_four_means_llc(
    peel: Peel, make: Callable[..., bytes], name: str, size: int
) -> None:
    """
    Linux has a number of its own for frames that begin with LLC.
    """
    header = peel(memoryview(make(0x0004)))

    assert (name, Id("llc", 0), 0) == (header.name, header.next, len(make(0)) - size)


@VERSIONS
@pytest.mark.parametrize("device", [770, 803, 824])
def test_some_devices_have_no_ethernet_type(
    peel: Peel, make: Callable[..., bytes], name: str, size: int, device: int
) -> None:
    """
    Frame relay, radiotap and netlink use the field otherwise, or not at all.
    """
    header = peel(memoryview(make(0x0800, device)))

    assert (name, Id("device", device), 0) == (header.name, header.next, len(make(0)) - size)


@VERSIONS
def test_one_octet_less_is_truncated(
    peel: Peel, make: Callable[..., bytes], name: str, size: int
) -> None:
    """
    Less than a whole header cannot be taken off.
    """
    with pytest.raises(WireError) as error:
        peel(memoryview(make(0x0800)[:-1]))

    assert (Anomaly.HEADER_TRUNCATED, size - 1) == (error.value.anomaly, error.value.offset), name
