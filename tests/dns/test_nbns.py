"""The NetBIOS name service: names, opcodes and records as RFC 1002 §4.2 has them."""

import struct

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.dns.cousins import spoken
from sensor.dns.decode import decode
from sensor.dns.message import Decoded, Question, Record
from sensor.dns.names import canonical
from sensor.dns.nbns import NBNS, is_encoded
from sensor.packet import Packet
from tests.dns.messages import ASKED, FIRST, header, pointer, question, record, wire_name

ADDRESS = b"\xc0\x00\x02\x01"
NB, NBSTAT, NULL = 32, 33, 10


def padded(name: bytes, suffix: int) -> bytes:
    return name.ljust(15) + bytes([suffix])


def encoded(octets: bytes) -> bytes:
    """Each half octet as a letter (RFC 1001 §14.1)."""
    return b"".join(bytes([0x41 + (octet >> 4), 0x41 + (octet & 15)]) for octet in octets)


def netbios(name: bytes, suffix: int = 0x20, *scope: bytes) -> bytes:
    return wire_name(encoded(padded(name, suffix)), *scope)


HOST = netbios(b"FIN-WS-0231")


def said(payload: bytes) -> Decoded:
    message = decode(payload, NBNS)
    assert message is not None
    return message


def packet(payload: bytes, *, sport: int = 137, dport: int = 137) -> Packet:
    return Packet(0, "192.0.2.1", sport, "192.0.2.255", dport, "udp", (), payload)


def test_the_rfc_spells_a_name() -> None:
    """
    RFC 1001 §14.1: the NetBIOS name "The NetBIOS name" in scope SCOPE.ID.COM. (The RFC itself
    misspells it; dpkt has it right.)
    """
    label = dpkt.netbios.encode_name("The NetBIOS name").encode()
    payload = header(flags=0x0110) + question(wire_name(label, b"SCOPE", b"ID", b"COM"), qtype=NB)

    (asked,) = said(payload).questions

    assert b"FEGIGFCAEOGFHEECEJEPFDCAGOGBGNGF" == label == encoded(b"The NetBIOS name")
    assert r"the\032netbios\032nam<65>.scope.id.com" == asked.qname
    assert r"The\032NetBIOS\032nam<65>.SCOPE.ID.COM" == asked.wire_name


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (padded(b"fin-ws-0231", 0x20), "fin-ws-0231<20>"),
        (padded(b"FIFTEEN-LETTERS", 0x1B), "fifteen-letters<1b>"),
        (padded(b"", 0), "<00>"),
        (b"*" + bytes(15), "*<00>"),
        (padded(b"A\0B", 0xFF), r"a\000b<ff>"),
        (padded(b"\1\2__MSBROWSE__\2", 1), r"\001\002__msbrowse__\002<01>"),
        (padded(b"a.b", 3), r"a\.b<03>"),
    ],
)
def test_names_are_told_as_they_are_meant(octets: bytes, expected: str) -> None:
    """
    Padding goes, the suffix is shown, what is no plain octet is escaped.
    """
    payload = header(flags=0x0110) + question(wire_name(encoded(octets)), qtype=NB)

    (asked,) = said(payload).questions

    assert (expected, "NB", "IN") == (asked.qname, asked.qtype, asked.qclass)


@given(
    st.binary(min_size=16, max_size=16).filter(lambda octets: octets[:15] != b"*" + bytes(14)),
    st.binary(min_size=16, max_size=16),
)
def test_names_are_equal_only_where_their_octets_are(one: bytes, other: bytes) -> None:
    """
    But for case; and their text is canonical as every name's is.
    """

    def told(octets: bytes) -> str:
        payload = header(flags=0x0110) + question(wire_name(encoded(octets)), qtype=NB)
        return said(payload).questions[0].qname

    assert canonical(told(one)) == told(one)
    assert (told(one) == told(other)) == (one.lower() == other.lower())
    assert told(one) == told(one[:15].lower() + one[15:])


@pytest.mark.parametrize(
    "name",
    [
        wire_name(b"www", b"example", b"com"),
        wire_name(b"CACACACACACACACACACACACACACACAC"),
        wire_name(b"CACACACACACACACACACACACACACACACAA"),
        wire_name(b"cacacacacacacacacacacacacacacaca"),
        wire_name(b"CACACACACACACACACACACACACACACACQ"),
        b"\x20" + b"CA" * 15,
        pointer(FIRST),
        b"",
    ],
)
def test_other_names_make_no_netbios_message(name: bytes) -> None:
    """
    32 letters from A to P, no less and no more: whatever else is sent to port 137 is another's.
    """
    payload = header() + (question(name) if name.endswith(b"\0") else name)

    assert not is_encoded(payload)
    assert spoken(packet(payload)) is None


def test_netbios_messages_are_known_by_their_name() -> None:
    """
    Of a question or, in a response, of a record; from or to the port, to any address.
    """
    asked = header(flags=0x0110) + question(HOST, qtype=NB)
    answered = header(flags=0x8500, counts=(0, 1, 0, 0)) + record(HOST, NB, b"\0\0" + ADDRESS)

    for payload in (asked, answered):
        assert NBNS is spoken(packet(payload, dport=50001))
        assert NBNS is spoken(packet(payload, sport=50001))
        assert spoken(packet(payload, sport=138, dport=138)) is None


def test_names_that_are_not_encoded_stay() -> None:
    """
    The name server of a redirection has a plain name (RFC 1002 §4.2.15).
    """
    payload = (
        header(flags=0x8100, counts=(0, 0, 2, 0))
        + record(HOST, 2, wire_name(b"wins", b"example"))
        + record(wire_name(b"wins", b"example"), 1, ADDRESS)
    )

    message = said(payload)

    assert (
        Record("fin-ws-0231<20>", "NS", "IN", 60, "wins.example"),
        Record("wins.example", "A", "IN", 60, "192.0.2.1"),
    ) == message.authorities


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x0110, (False, "QUERY", ("RD", "B"), "NOERROR")),
        (0x2910, (False, "REGISTRATION", ("RD", "B"), "NOERROR")),
        (0x3000, (False, "RELEASE", (), "NOERROR")),
        (0x4000, (False, "REFRESH", (), "NOERROR")),
        (0x4800, (False, "REFRESH", (), "NOERROR")),
        (0xBC00, (True, "WACK", ("AA",), "NOERROR")),
        (0x8780, (True, "QUERY", ("AA", "TC", "RD", "RA"), "NOERROR")),
        (0x8503, (True, "QUERY", ("AA", "RD"), "NXDOMAIN")),
        (0xAD86, (True, "REGISTRATION", ("AA", "RD", "RA"), "ACT_ERR")),
        (0xAD87, (True, "REGISTRATION", ("AA", "RD", "RA"), "CFT_ERR")),
        (0xA068, (True, "OPCODE4", (), "RCODE8")),
    ],
)
def test_header_is_read_as_the_rfc_has_it(
    flags: int, expected: tuple[bool, str, tuple[str, ...], str]
) -> None:
    """
    RFC 1002 §4.2.1.1 and the response codes of §4.2.6 and §4.2.14.
    """
    message = said(header(flags=flags) + question(HOST, qtype=NB))

    assert expected == (message.qr, message.opcode, message.flags, message.rcode)


def test_registration_is_a_question_and_its_record() -> None:
    """
    RFC 1002 §4.2.2: the record, in the additional section, points to the question's name.
    """
    payload = (
        header(flags=0x2910, counts=(1, 0, 0, 1))
        + question(netbios(b"WORKGROUP", 0), qtype=NB)
        + record(pointer(FIRST), NB, b"\xe0\0" + ADDRESS, ttl=300000)
    )

    message = said(payload)

    assert (Question("workgroup<00>", "NB", "IN", "WORKGROUP<00>"),) == message.questions
    claimed = Record("workgroup<00>", "NB", "IN", 300000, "group H-node 192.0.2.1")
    assert (claimed,) == message.additionals
    assert () == message.anomalies


@pytest.mark.parametrize(
    ("rtype", "rdata", "expected"),
    [
        (NB, b"\0\0" + ADDRESS, "unique B-node 192.0.2.1"),
        (NB, b"\x20\0" + ADDRESS, "unique P-node 192.0.2.1"),
        (
            NB,
            b"\x80\0" + ADDRESS + b"\xc0\0" + ADDRESS,
            "group B-node 192.0.2.1 group M-node 192.0.2.1",
        ),
        (NB, b"", ""),
        (NB, b"\x29\x10", r"\# 2 2910"),
        (NULL, b"", r"\# 0"),
        (
            NBSTAT,
            b"\2" + padded(b"FIN-WS-0231", 0) + b"\4\0" + padded(b"FIN CORP", 0x1E) + b"\x84\0"
            + b"\0\x0c\x29\x12\x34\x56" + bytes(40),
            r"fin-ws-0231<00> fin\032corp<1e>",
        ),
        (NBSTAT, b"\0", ""),
    ],
)  # fmt: skip
def test_rdata_is_readable(rtype: int, rdata: bytes, expected: str) -> None:
    """
    Whose name it is (§4.2.13), which names a node has (§4.2.18); a WACK's two octets are the
    request's flags (§4.2.16). A response repeats no question.
    """
    payload = header(flags=0x8500, counts=(0, 1, 0, 0)) + record(HOST, rtype, rdata)

    message = said(payload)

    assert [expected] == [answer.rdata for answer in message.answers]
    assert () == message.anomalies


@pytest.mark.parametrize(
    ("rtype", "rdata"),
    [
        (NB, b"\0\0\xc0"),
        (NB, b"\0\0" + ADDRESS + b"\0"),
        (NBSTAT, b""),
        (NBSTAT, b"\2" + padded(b"FIN-WS-0231", 0) + b"\4\0"),
        (NBSTAT, b"\1" + padded(b"FIN-WS-0231", 0) + b"\4"),
    ],
)
def test_rdata_that_does_not_parse_is_kept(rtype: int, rdata: bytes) -> None:
    """
    As octets, with the anomaly; the record beside it is not lost.
    """
    damaged = record(HOST, rtype, rdata)
    good = record(pointer(FIRST), NB, b"\0\0" + ADDRESS)

    message = said(header(flags=0x8500, counts=(0, 2, 0, 0)) + damaged + good)

    opaque = rf"\# {len(rdata)} {rdata.hex()}".rstrip()
    assert [opaque, "unique B-node 192.0.2.1"] == [answer.rdata for answer in message.answers]
    assert (Anomaly.RDATA_MALFORMED,) == message.anomalies


def test_departures_are_noted_as_in_dns() -> None:
    """
    A request asks for one name, without answers and without a response code.
    """
    asked = question(HOST, qtype=NB)

    two = header(flags=0x0110, counts=(2, 0, 0, 0)) + asked + asked
    wrong = header(flags=0x0113, counts=(1, 1, 0, 0)) + asked + record(pointer(FIRST), NULL, b"")

    assert (Anomaly.QUESTIONS_NOT_ONE,) == said(two).anomalies
    assert (
        Anomaly.RESPONSE_CODE_IN_QUERY,
        Anomaly.QUERY_WITH_ANSWERS,
    ) == said(wrong).anomalies


def test_dns_types_32_and_33_are_others() -> None:
    """
    NIMLOC and SRV have the same numbers.
    """
    payload = header() + ASKED[:-4] + struct.pack("!HH", 33, 1)

    message = decode(payload)

    assert message is not None
    assert ["SRV"] == [asked.qtype for asked in message.questions]
