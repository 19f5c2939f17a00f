"""PPP over Ethernet, in its session stage."""

import pytest
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import pppoe
from sensor.decap.header import Header, Id, WireError


def peel(octets: bytes) -> Header:
    return pppoe.peel(memoryview(octets))


def test_ppp_follows_and_padding_is_cut() -> None:
    """
    RFC 2516 §4: the length is that of what follows; Ethernet's padding is behind it.
    """
    within = PPP() / Raw(b"datagram")

    header = peel(bytes(PPPoE(sessionid=0xFFFE) / within) + bytes(20))

    expected = ("pppoe", 0xFFFE, Id("link", 9), bytes(within), 0)
    assert expected == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
        header.missing,
    )


def test_length_beyond_the_frame_is_counted() -> None:
    """
    What is there is kept.
    """
    header = peel(bytes(PPPoE(sessionid=7, len=11) / Raw(b"datagram")))

    assert (b"datagram", 3) == (bytes(header.rest), header.missing)


@pytest.mark.parametrize(
    ("layer", "offset"),
    [
        (PPPoE(version=2), 0),
        (PPPoE(type=0), 0),
        (PPPoE(code=0x09), 1),  # discovery: PADI
        (PPPoE(code=0xA7), 1),  # discovery: PADT
    ],
)
def test_any_other_version_type_or_code_is_malformed(layer: PPPoE, offset: int) -> None:
    """
    RFC 2516 §6: in the session stage the code is 0.
    """
    with pytest.raises(WireError) as error:
        peel(bytes(layer))

    assert (Anomaly.HEADER_MALFORMED, offset) == (error.value.anomaly, error.value.offset)
