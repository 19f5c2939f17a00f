"""GTP-U: the optional octets, the extension headers, and the one message that carries a packet."""

from itertools import product

import pytest
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import gtp
from sensor.decap.header import Header, Id, WireError

DATAGRAM = bytes(IP() / UDP() / Raw(b"payload"))
FRAME = bytes(Ether(dst="46:00:5e:00:53:35", src="00:00:5e:00:53:01") / IP() / UDP())

IP_LINK, ETHERNET = Id("link", 101), Id("link", 1)


def peel(octets: bytes) -> Header:
    return gtp.peel(memoryview(octets))


def message(rest: bytes, *, flags: int = 0x30, kind: int = 255, length: int | None = None) -> bytes:
    length = len(rest) if length is None else length
    return bytes([flags, kind]) + length.to_bytes(2, "big") + b"\xff\xfe\0\x01" + rest


def extension(words: int, following: int) -> bytes:
    return bytes([words]) + b"\x5a" * (4 * words - 2) + bytes([following])


@pytest.mark.parametrize(("e", "s", "pn"), list(product([0, 1], repeat=3)))
def test_any_flag_announces_the_same_four_octets(e: int, s: int, pn: int) -> None:
    """
    TS 29.281 §5.1: sequence number, N-PDU number and extension type come all or none.
    """
    layer = GTP_U_Header(teid=0xFFFE0001, E=e, S=s, PN=pn, gtp_type=255)

    header = peel(bytes(layer / Raw(DATAGRAM)))

    expected = ("gtp", 0xFFFE0001, IP_LINK, DATAGRAM, 0)
    assert expected == (
        header.name,
        header.tag,
        header.next,
        bytes(header.rest),
        header.missing,
    )


def test_session_container_of_5g_is_skipped() -> None:
    """
    The extension header that every 5G core adds, as scapy writes it.
    """
    layer = GTP_U_Header(teid=1, gtp_type=255, E=1, next_ex=0x85) / GTPPDUSessionContainer(QFI=9)

    assert bytes(peel(bytes(layer / Raw(DATAGRAM))).rest) == DATAGRAM


def test_extension_headers_follow_each_other() -> None:
    """
    TS 29.281 §5.2.1: each ends with the type of the next, and has its length in words.
    """
    chain = b"\0\0\0\x85" + extension(1, 0xC0) + extension(255, 0x32) + extension(2, 0)

    assert bytes(peel(message(chain + DATAGRAM, flags=0x34)).rest) == DATAGRAM


@pytest.mark.parametrize("flags", [0x31, 0x32, 0x33])
def test_extension_type_counts_only_with_its_flag(flags: int) -> None:
    """
    TS 29.281 §5.1: without the E flag the field is there and not looked at.
    """
    assert bytes(peel(message(b"\0\0\0\x85" + DATAGRAM, flags=flags)).rest) == DATAGRAM


@pytest.mark.parametrize("octets", [message(b""), message(bytes(4), flags=0x32)])
def test_message_may_be_empty(octets: bytes) -> None:
    """
    A header that is all there is can be taken off.
    """
    assert bytes(peel(octets).rest) == b""


def test_length_cuts_what_is_behind() -> None:
    """
    The length counts all behind the first eight octets.
    """
    octets = message(bytes(4) + DATAGRAM, flags=0x32)

    assert bytes(peel(octets + b"padding").rest) == DATAGRAM
    assert peel(octets[:-3]).missing == 3


def test_ethernet_is_the_other_reading() -> None:
    """
    A 5G session may carry frames, whose address may begin like an IP header.
    """
    header = peel(message(FRAME))

    assert header.or_else is not None
    assert (ETHERNET, IP_LINK) == (header.next, header.or_else.next)
    assert [FRAME, FRAME] == [bytes(header.rest), bytes(header.or_else.rest)]


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        (message(DATAGRAM, flags=0x20), 0),  # GTP'
        (message(DATAGRAM, flags=0x50), 0),  # version 2
        (message(DATAGRAM, kind=1), 1),  # echo request
        (message(DATAGRAM, kind=26), 1),  # error indication
        (message(DATAGRAM, kind=254), 1),  # end marker
        (message(b"\0\0\0\x85\0\0\0\0" + DATAGRAM, flags=0x34), 12),
        (message(bytes(4), flags=0x32, length=3), 2),
        (message(b"\0\0\0\x85" + extension(1, 0), flags=0x34, length=7), 2),
    ],
)
def test_what_is_no_user_data_is_malformed(octets: bytes, offset: int) -> None:
    """
    Another version or message, an extension header without length, a length that ends before.
    """
    with pytest.raises(WireError) as error:
        peel(octets)

    assert (Anomaly.HEADER_MALFORMED, offset) == (error.value.anomaly, error.value.offset)
