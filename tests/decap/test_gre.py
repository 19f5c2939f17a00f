"""GRE: every field its flags announce, in version 0 and in PPTP's version 1."""

from itertools import product

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import GRE, GRE_PPTP
from scapy.packet import Raw

from sensor.anomalies import Anomaly
from sensor.decap import gre
from sensor.decap.header import Header, Id, WireError

FLAGS = list(product([0, 1], repeat=3))


def peel(octets: bytes) -> Header:
    return gre.peel(memoryview(octets))


@pytest.mark.parametrize(("checksum", "key", "sequence"), FLAGS)
def test_flags_announce_four_octets_each(checksum: int, key: int, sequence: int) -> None:
    """
    RFC 2784 §2.1, RFC 2890 §2.
    """
    layer = GRE(proto=0x86DD, chksum_present=checksum, key_present=key, seqnum_present=sequence)

    header = peel(bytes(layer / Raw(b"datagram")))

    expected = ("gre", None, Id("ethertype", 0x86DD), b"datagram")
    assert expected == (header.name, header.tag, header.next, bytes(header.rest))


@pytest.mark.parametrize(
    "routes", [[], [b"\x01\x02\x03\x04"], [b"\x01\x02\x03\x04" * 3, b"\0" * 8]]
)
@pytest.mark.parametrize(("checksum", "key", "sequence"), FLAGS)
def test_source_routes_are_skipped(
    routes: list[bytes], checksum: int, key: int, sequence: int
) -> None:
    """
    RFC 1701: entries of any length, until one has neither family nor length; with them come
    checksum and offset, whether or not the checksum's own flag is set.
    """
    layer = GRE(routing_present=1, chksum_present=checksum, key_present=key, proto=0x0800)
    layer.seqnum_present = sequence
    entries = b"".join(b"\0\x02\0" + bytes([len(route)]) + route for route in routes)

    header = peel(bytes(layer) + entries + bytes(4) + b"datagram")

    assert (Id("ethertype", 0x0800), b"datagram") == (header.next, bytes(header.rest))


@pytest.mark.parametrize("protocol", [0, 0x00FE, 0x0800, 0x6558, 0x8847, 0x880B, 0x22EB, 0xFFFF])
def test_protocol_type_is_given_as_it_is(protocol: int) -> None:
    """
    Also where it is no Ethernet type: what no line of the table takes off is not IP.
    """
    assert peel(bytes(GRE(proto=protocol))).next == Id("ethertype", protocol)


def test_sequence_number_tells_the_types_of_erspan() -> None:
    """
    Types I and II have the same protocol type; type I has no header and no sequence number.
    """
    assert peel(bytes(GRE(proto=0x88BE))).next == Id("erspan", 1)
    assert peel(bytes(GRE(proto=0x88BE, seqnum_present=1))).next == Id("ethertype", 0x88BE)


@pytest.mark.parametrize("acknowledges", [0, 1])
def test_pptp_payload_is_ppp_of_its_length(acknowledges: int) -> None:
    """
    RFC 2637 §4.1: the length is the payload's alone.
    """
    datagram = bytes(IP() / UDP())
    layer = GRE_PPTP(seqnum_present=1, acknum_present=acknowledges, call_id=9)

    header = peel(bytes(layer / Raw(datagram)) + bytes(6))

    expected = ("gre", Id("ethertype", 0x880B), datagram, 0)
    assert expected == (header.name, header.next, bytes(header.rest), header.missing)


def test_pptp_length_beyond_the_end_is_counted() -> None:
    """
    What is there is kept.
    """
    header = peel(bytes(GRE_PPTP(seqnum_present=1, payload_len=11) / Raw(b"datagram")))

    assert (b"datagram", 3) == (bytes(header.rest), header.missing)


def test_pptp_without_a_sequence_number_carries_nothing() -> None:
    """
    RFC 2637 §4.1: it acknowledges, and no line of the table takes up what follows.
    """
    header = peel(bytes(GRE_PPTP(acknum_present=1, payload_len=0)))

    assert (Id("gre.acknowledgment", 0), b"") == (header.next, bytes(header.rest))


@pytest.mark.parametrize(
    ("layer", "offset"),
    [
        (GRE(version=2, proto=0x0800), 1),
        (GRE(version=7, proto=0x0800), 1),
        (GRE_PPTP(key_present=0), 0),
        (GRE_PPTP(proto=0x0800), 0),
        (GRE_PPTP(chksum_present=1), 0),
        (GRE_PPTP(routing_present=1), 0),
    ],
)
def test_any_other_version_is_malformed(layer: GRE, offset: int) -> None:
    """
    RFC 2784 §2.3.1: version 0, or what RFC 2637 §4.1 makes of version 1.
    """
    with pytest.raises(WireError) as error:
        peel(bytes(layer))

    assert (Anomaly.HEADER_MALFORMED, offset) == (error.value.anomaly, error.value.offset)
