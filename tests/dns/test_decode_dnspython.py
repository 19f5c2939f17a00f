"""Messages decoded here and by dnspython must agree."""

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings

from sensor.dns import iana, rdata
from sensor.dns.message import Question, Record
from tests.dns import messages
from tests.dns.messages import captured, decoded, octets_of, plain, text_of
from tests.realdata import REALDATA, needs_realdata

SHOWN = ("AA", "TC", "RD", "RA", "AD", "CD")
"""QR is a field of its own, and Z (dnspython's FLAG6) is shown by nobody."""


def text(parsed: dns.rdata.Rdata) -> str:
    """Text of rdata, of types not in our table and of CERT as octets."""
    if parsed.rdtype in rdata.FIELDS and parsed.rdtype != dns.rdatatype.CERT:
        return text_of(parsed).lower()
    return rdata.opaque(octets_of(parsed))


def records(section: list[dns.rrset.RRset]) -> list[Record]:
    """Records as dnspython read them; targets are left to our own tests."""
    return [
        Record(
            plain(rrset.name),
            iana.type_name(rrset.rdtype),
            iana.class_name(rrset.rdclass),
            rrset.ttl,
            text(parsed),
        )
        for rrset in section
        for parsed in rrset
    ]


def ours(section: tuple[Record, ...]) -> list[Record]:
    """Our records in the same terms: the case of rdata folded, and no targets.

    dnspython takes a TTL of 2^31 and more for zero, as RFC 2181 §8 asks of resolvers; a sensor
    shows what was sent. CERT has mnemonics there and numbers here.
    """
    return [
        Record(
            each.name,
            each.type,
            each.rclass,
            each.ttl if each.ttl < 1 << 31 else 0,
            certificate(each.rdata) if each.type == "CERT" else each.rdata.lower(),
        )
        for each in section
    ]


def certificate(written: str) -> str:
    """The octets of a CERT record, from its text."""
    return rdata.opaque(octets_of(dns.rdata.from_text("IN", "CERT", written)))


def assert_agreed(wire: bytes) -> None:
    read = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
    message = decoded(wire)

    assert read.id == message.id
    assert bool(read.flags & dns.flags.QR) == message.qr
    assert iana.opcode_name(int(read.opcode())) == message.opcode
    assert iana.rcode_name(int(read.rcode())) == message.rcode
    assert [flag for flag in dns.flags.to_text(read.flags).split() if flag in SHOWN] == list(
        message.flags
    )
    assert [
        (plain(asked.name), iana.type_name(asked.rdtype), iana.class_name(asked.rdclass))
        for asked in read.question
    ] == [(asked.qname, asked.qtype, asked.qclass) for asked in message.questions]
    assert [asked.name.to_text(omit_final_dot=True) for asked in read.question] == [
        asked.wire_name or asked.qname for asked in message.questions
    ]
    assert records(read.answer) == ours(message.answers)
    assert records(read.authority) == ours(message.authorities)
    assert records(read.additional) == ours(message.additionals)
    if read.edns < 0:
        assert message.edns is None
        return
    assert message.edns is not None
    assert (read.edns, read.payload, bool(read.ednsflags & dns.flags.DO)) == (
        message.edns.version,
        message.edns.udp_size,
        message.edns.do,
    )
    assert [int(option.otype) for option in read.options] == [
        option.code for option in message.edns.options
    ]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(messages.wires())
def test_generated_messages_are_decoded_as_dnspython_decodes_them(wire: bytes) -> None:
    """
    Names of any octets, every record type of the table, options, compression, all sections.
    """
    assert_agreed(wire)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(messages.wires())
def test_generated_messages_are_whole(wire: bytes) -> None:
    """
    Nothing well-formed is called damaged.
    """
    anomalies = {str(anomaly) for anomaly in decoded(wire).anomalies}

    assert anomalies <= {"questions_not_one", "response_code_in_query", "query_with_answers"}


def test_wire_name_is_given_where_case_differs_alone() -> None:
    """
    Over dnspython's own query.
    """
    lower = decoded(dns.message.make_query("example.com", "A").to_wire())
    mixed = decoded(dns.message.make_query("eXample.com", "A").to_wire())

    assert (Question("example.com", "A", "IN"),) == lower.questions
    assert (Question("example.com", "A", "IN", "eXample.com"),) == mixed.questions


@needs_realdata
def test_real_messages_are_decoded_as_dnspython_decodes_them() -> None:
    """
    All of BIND's corpus that dnspython reads, but DNS UPDATE, whose sections it gives other forms.
    """
    agreed = 0
    for path in sorted((REALDATA / "dns_message_seeds").rglob("*")):
        wire = path.read_bytes() if path.is_file() else b""
        try:
            read = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            continue
        if read.opcode() == dns.opcode.UPDATE:
            continue
        assert_agreed(wire)
        agreed += 1

    assert agreed >= 240


@needs_realdata
def test_captured_messages_are_decoded_as_dnspython_decodes_them() -> None:
    """
    What real programs said to port 53 and heard from it.
    """
    agreed = 0
    for wire in captured():
        try:
            read = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            continue
        if read.opcode() == dns.opcode.UPDATE:
            continue
        assert_agreed(wire)
        agreed += 1

    assert agreed >= 1000


def test_the_comparison_sees_a_difference() -> None:
    """
    Two texts of one address are one record; another address is not.
    """
    first = dns.rrset.from_text("a.", 60, "IN", "AAAA", "2001:DB8:0::1")
    second = dns.rrset.from_text("a.", 60, "IN", "AAAA", "2001:db8::2")

    assert [Record("a", "AAAA", "IN", 60, "2001:db8::1")] == records([first])
    with pytest.raises(AssertionError):
        assert records([first]) == records([second])
