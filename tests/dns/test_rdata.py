"""Rdata as presentation text, held to dnspython's."""

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.dns import iana, rdata
from sensor.dns.names import Names, WireError
from tests.dns import messages
from tests.dns.messages import wire_name


def read(rtype: str, octets: bytes, *, rclass: int = 1) -> tuple[str, str | None]:
    number = int(dns.rdatatype.from_text(rtype))
    return rdata.read(octets, 0, len(octets), (number, rclass), Names(octets))


TEXTS = [
    ("A", "192.0.2.1"),
    ("AAAA", "2001:db8::1"),
    ("AAAA", "::ffff:192.0.2.1"),
    ("AAAA", "::192.0.2.1"),
    ("AAAA", "1:0:0:2::3"),
    ("NS", "ns1.example.com."),
    ("CNAME", "api.telegram.org."),
    ("CNAME", "api\\.telegram\\.org."),
    ("DNAME", "example.net."),
    ("PTR", "1.2.0.192.in-addr.arpa."),
    ("SOA", "ns.example. admin\\.dns.example. 2024010101 7200 3600 1209600 300"),
    ("MX", "10 mail.example.com."),
    ("MX", "0 ."),
    ("TXT", '"v=spf1 -all" "say \\"hi\\\\\\"" "\\000\\255" ""'),
    ("SPF", '"v=spf1 -all"'),
    ("HINFO", '"RFC8482" ""'),
    ("RP", "mbox.example. txt.example."),
    ("AFSDB", "1 db.example."),
    ("SRV", "0 5 5060 sip.example.com."),
    ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .'),
    ("DS", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
    ("CDS", "0 0 0 00"),
    ("DNSKEY", "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxIL"),
    ("CDNSKEY", "0 3 0 AA=="),
    ("RRSIG", "A 5 3 86400 20301122134214 20031022133300 2642 example.com. oJB1"),
    ("NSEC", "host.example.com. A MX RRSIG NSEC TYPE1234"),
    ("NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG"),
    ("NSEC3", "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s"),
    ("NSEC3PARAM", "1 0 12 aabbccdd"),
    ("TLSA", "3 1 1 " + "ab" * 32),
    ("SMIMEA", "3 0 0 abcd"),
    ("SSHFP", "4 2 " + "12" * 32),
    ("CAA", '0 issue "ca.example.net; policy=ev"'),
    ("URI", '10 1 "ftp://ftp1.example.com/public"'),
    ("LOC", "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"),
    ("LOC", "52 14 5.000 N 0 8 50.000 E 10.00m"),
    ("OPENPGPKEY", "AQIDBA=="),
    ("CSYNC", "66 3 A NS AAAA"),
    ("ZONEMD", "2018031500 1 1 " + "fe" * 48),
    ("EUI48", "00-00-5e-00-53-2a"),
    ("EUI64", "00-00-5e-ef-10-00-00-2a"),
    ("TSIG", "hmac-sha256. 1594855491 300 4 qrvM3Q== 29840 BADSIG 0"),
    ("TSIG", 'hmac-sha256. 1594855491 300 0 "" 29840 NOERROR 6 AAAAAAAB'),
    ("KX", "10 kx.example."),
    ("DLV", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
    ("DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
    ("RESINFO", '"qnamemin" "exterr=15-17"'),
]


@pytest.mark.parametrize(("rtype", "text"), TEXTS)
def test_each_type_has_its_presentation_text(rtype: str, text: str) -> None:
    """
    The text dnspython prints, less the last dots of names and blanks within base64 and hex.
    """
    parsed = dns.rdata.from_text("IN", rtype, text, idna_codec=None)

    got, _ = read(rtype, messages.octets_of(parsed))

    assert messages.text_of(parsed) == got


@pytest.mark.parametrize("rtype", sorted({rtype for rtype, _ in TEXTS} - {"TSIG"}))
def test_presentation_text_can_be_read_back(rtype: str) -> None:
    """
    A master file may hold it, with the root as origin: no octet is lost.
    """
    for text in [text for other, text in TEXTS if other == rtype]:
        parsed = dns.rdata.from_text("IN", rtype, text, idna_codec=None)
        got, _ = read(rtype, messages.octets_of(parsed))

        again = dns.rdata.from_text(
            "IN", rtype, got, origin=dns.name.root, relativize=False, idna_codec=None
        )

        assert parsed == again


@settings(deadline=None, max_examples=200)
@given(messages.rdatas)
def test_rdata_is_written_as_dnspython_writes_it(parsed: dns.rdata.Rdata) -> None:
    """
    Over every type of the table and any values in its fields.
    """
    octets = messages.octets_of(parsed)

    got, _ = rdata.read(octets, 0, len(octets), (int(parsed.rdtype), 1), Names(octets))

    assert messages.text_of(parsed) == got


def test_the_random_records_cover_the_table() -> None:
    """
    What the property above leaves out is written as text here, or is text of the same fields.
    """
    covered = {*messages.TABLED, *(rtype for rtype, _ in TEXTS)}

    left = {iana.type_name(number) for number in rdata.FIELDS} - covered

    assert {"SIG", "NINFO", "AVC", "WALLET", "CERT", "SVCB", "HTTPS"} == left


def test_a_certificate_is_written_with_numbers() -> None:
    """
    RFC 4398 §2.2 allows a number for type and algorithm; dnspython reads it back.
    """
    octets = b"\x00\x01\x00\x2a\x08certificate"

    text, _ = read("CERT", octets)

    assert "1 42 8 Y2VydGlmaWNhdGU=" == text
    assert octets == dns.rdata.from_text("IN", "CERT", text).to_wire()


@pytest.mark.parametrize(
    ("rtype", "octets", "target"),
    [
        ("CNAME", wire_name(b"Api", b"telegram", b"ORG"), "api.telegram.org"),
        ("DNAME", wire_name(b"example"), "example"),
        ("NS", wire_name(b"example"), None),
        ("PTR", wire_name(b"example"), None),
        ("MX", b"\0\1" + wire_name(b"example"), None),
        ("HTTPS", b"\0\0" + wire_name(b"example"), "example"),
        ("SVCB", b"\0\1" + wire_name(b"example") + b"\0\3\0\2\1\xbb", "example"),
        ("HTTPS", b"\0\1\0", None),
        ("SVCB", b"\0\0\0", None),
    ],
)
def test_the_name_a_resolver_follows_is_the_target(
    rtype: str, octets: bytes, target: str | None
) -> None:
    """
    CNAME, DNAME, and the bindings unless they name their owner.
    """
    assert target == read(rtype, octets)[1]


def test_names_in_rdata_are_lower_case() -> None:
    """
    As everywhere: without ASCII case and without last dot.
    """
    assert "10 mail.example" == read("MX", b"\0\x0a" + wire_name(b"MAIL", b"Example"))[0]


@pytest.mark.parametrize(
    ("rtype", "octets"),
    [
        ("A", b"\1\2\3"),
        ("A", b"\1\2\3\4\5"),
        ("A", b""),
        ("AAAA", b"\0" * 15),
        ("CNAME", b""),
        ("CNAME", wire_name(b"a") + b"\0"),
        ("MX", b"\0"),
        ("MX", b"\0\1"),
        ("SOA", wire_name(b"a") * 2 + b"\0" * 19),
        ("TXT", b""),
        ("TXT", b"\5abc"),
        ("CAA", b"\0\5is ue"),
        ("CAA", b"\0\0"),
        ("NSEC", wire_name(b"a") + b"\0\0"),
        ("NSEC", wire_name(b"a") + b"\0\x21" + b"\1" * 33),
        ("NSEC", wire_name(b"a") + b"\1\1\1\0\1\1"),
        ("NSEC3", b"\1\0\0\0\0\0"),
        ("EUI48", b"\0" * 7),
        ("LOC", b"\1" + b"\0" * 15),
        ("LOC", b"\0" + b"\xaa" * 3 + b"\x80" + b"\0" * 11),
        ("LOC", b"\0" + b"\x11" * 3 + b"\0" * 12),
    ],
)
def test_rdata_that_does_not_fit_its_fields_is_malformed(rtype: str, octets: bytes) -> None:
    """
    Too few octets, too many, or values the RFC rules out.
    """
    with pytest.raises(WireError):
        read(rtype, octets)


@pytest.mark.parametrize(("rtype", "before"), [(5, b""), (47, b""), (46, b"\0" * 18)])
def test_a_name_may_not_run_past_its_rdata(rtype: int, before: bytes) -> None:
    """
    The octets after the rdata belong to the next record, even where they would end the name.
    """
    wire = before + wire_name(b"abc")

    with pytest.raises(WireError) as raised:
        rdata.read(wire, 0, len(wire) - 2, (rtype, 1), Names(wire))
    assert Anomaly.RDATA_MALFORMED == raised.value.anomaly


@pytest.mark.parametrize(
    ("rtype", "rclass", "octets", "text"),
    [
        ("TYPE65400", 1, b"\x0a\x00\x00\x01", "\\# 4 0a000001"),
        ("NULL", 1, b"", "\\# 0"),
        ("A", 3, b"\x0a\x00\x00\x01", "\\# 4 0a000001"),
        ("AAAA", 254, b"\0" * 16, "\\# 16 " + "00" * 16),
        ("CNAME", 255, b"", "\\# 0"),
        ("CNAME", 3, wire_name(b"a"), "a"),
    ],
)
def test_what_is_unknown_is_written_as_octets(
    rtype: str, rclass: int, octets: bytes, text: str
) -> None:
    """
    RFC 3597 §5; addresses mean something in class IN alone, and DNS UPDATE has empty rdata in
    classes ANY and NONE (RFC 2136 §2.5).
    """
    assert text == read(rtype, octets, rclass=rclass)[0]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(rdata.FIELDS)), st.binary(max_size=60))
def test_any_octets_either_read_or_are_damage(number: int, octets: bytes) -> None:
    """
    Nothing but `WireError` comes out, and the text is printable ASCII on one line.
    """
    try:
        text, _ = rdata.read(octets, 0, len(octets), (number, 1), Names(octets))
    except WireError:
        return

    assert text.isascii()
    assert text.isprintable()


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(rdata.FIELDS)), st.binary(max_size=60))
def test_what_dnspython_reads_is_read(number: int, octets: bytes) -> None:
    """
    Of any octets: what is rdata to dnspython is the same text here.
    """
    rtype = dns.rdatatype.RdataType.make(number)
    try:
        parsed = dns.rdata.from_wire(dns.rdataclass.IN, rtype, octets, 0, len(octets))
    except (dns.exception.DNSException, ValueError):
        return

    text, _ = rdata.read(octets, 0, len(octets), (number, 1), Names(octets))

    if rtype != dns.rdatatype.CERT:
        assert messages.text_of(parsed).lower() == text.lower()
