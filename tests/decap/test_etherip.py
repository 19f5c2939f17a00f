"""EtherIP: a version, then a frame."""

import pytest
from scapy.contrib.etherip import EtherIP
from scapy.layers.l2 import Ether

from sensor.anomalies import Anomaly
from sensor.decap import etherip
from sensor.decap.header import Id, WireError


def test_ethernet_follows_two_octets() -> None:
    """
    RFC 3378: the reserved bits should be zero, and are not looked at.
    """
    header = etherip.peel(memoryview(bytes(EtherIP(reserved=0xFFF) / Ether())))

    assert ("etherip", None, Id("link", 1), bytes(Ether())) == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
    )


@pytest.mark.parametrize("version", [0, 2, 4])
def test_version_is_3(version: int) -> None:
    """
    RFC 3378: any other is discarded.
    """
    with pytest.raises(WireError) as error:
        etherip.peel(memoryview(bytes(EtherIP(version=version) / Ether())))

    assert (Anomaly.HEADER_MALFORMED, 0) == (error.value.anomaly, error.value.offset)
