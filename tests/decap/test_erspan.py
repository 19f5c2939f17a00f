"""ERSPAN: its three types."""

import pytest
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import erspan
from sensor.decap.header import Header, Id, WireError

ETHERNET, IP_LINK = Id("link", 1), Id("link", 101)


def told(header: Header) -> tuple[str, int | None, Id, bytes]:
    return header.name, header.tag, header.next, bytes(header.rest)


@pytest.mark.parametrize(
    ("within", "expected"),
    [(Ether() / IP() / UDP(), [ETHERNET, IP_LINK]), (IP() / UDP(), [IP_LINK, ETHERNET])],
)
def test_type_i_is_only_a_name(within: Raw, expected: list[Id]) -> None:
    """
    Nothing comes off; behind it is Ethernet, or IP where that is there.
    """
    header = erspan.peel_i(memoryview(bytes(within)))

    assert header.or_else is not None
    assert [("erspan", None, each, bytes(within)) for each in expected] == [
        told(header),
        told(header.or_else),
    ]


def test_type_ii_has_the_session_in_ten_bits() -> None:
    """
    VLAN, class of service, encapsulation and the truncated bit stand around it.
    """
    layer = ERSPAN_II(vlan=0xFFF, cos=7, en=3, t=1, session_id=0x2AA, index=0xFFFFF)

    header = erspan.peel_ii(memoryview(bytes(layer / Raw(b"frame"))))

    assert ("erspan", 0x2AA, ETHERNET, b"frame") == told(header)


@pytest.mark.parametrize(
    ("frame_type", "expected"), [(0, ETHERNET), (2, IP_LINK), (31, Id("erspan.frame", 31))]
)
@pytest.mark.parametrize("subheader", [b"", bytes(ERSPAN_PlatformSpecific(info2=0xFFFF))])
def test_type_iii_has_a_frame_type_and_a_subheader(
    frame_type: int, expected: Id, subheader: bytes
) -> None:
    """
    The last bit announces eight octets more.
    """
    layer = ERSPAN_III(vlan=0xFFF, cos=7, session_id=0x155, ft=frame_type, hw=63, d=1, gra=3, p=1)
    layer.o = bool(subheader)

    header = erspan.peel_iii(memoryview(bytes(layer) + subheader + b"frame"))

    assert ("erspan", 0x155, expected, b"frame") == told(header)


def test_each_type_has_its_version() -> None:
    """
    Type II has version 1, type III version 2.
    """
    with pytest.raises(WireError) as second:
        erspan.peel_ii(memoryview(bytes(ERSPAN_II(ver=2))))
    with pytest.raises(WireError) as third:
        erspan.peel_iii(memoryview(bytes(ERSPAN_III(ver=1))))

    assert [(Anomaly.HEADER_MALFORMED, 0)] * 2 == [
        (error.value.anomaly, error.value.offset) for error in (second, third)
    ]
