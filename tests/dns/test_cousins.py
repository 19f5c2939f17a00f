"""mDNS and LLMNR: which messages are theirs, and what they mean by them."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.dns.cousins import LLMNR, MDNS, PORTS, spoken
from sensor.dns.decode import decode
from sensor.dns.dialect import DNS, Dialect
from sensor.dns.message import Decoded, Question, Record
from sensor.dns.nbns import NBNS
from sensor.packet import Packet
from tests.dns.messages import ASKED, FIRST, header, pointer, question, record, wire_name

ADDRESS = b"\xc0\x00\x02\x01"
LOCAL = wire_name(b"host", b"local")
SERVICE = wire_name(b"_ipp", b"_tcp", b"local")
TOP = 0x8000

UNICAST = ("192.0.2.9", "2001:db8::9", "223.255.255.255", "240.0.0.1", "fe80::1")
GROUPS = ("224.0.0.251", "239.255.255.250", "224.0.0.252", "ff02::fb", "ff05::1:3")


def said(payload: bytes, dialect: Dialect) -> Decoded:
    message = decode(payload, dialect)
    assert message is not None
    return message


def packet(
    payload: bytes,
    sport: int = 50001,
    dport: int = 5353,
    dst: str = "192.0.2.9",
    transport: str = "udp",
) -> Packet:
    return Packet(0, "192.0.2.1", sport, dst, dport, transport, (), payload)


# --- whose message is it? ------------------------------------------------------------------------

PLAIN_QUERY = header(flags=0) + ASKED
PLAIN_RESPONSE = header(flags=0x8400) + ASKED


@pytest.mark.parametrize("port", [5353, 5355])
@pytest.mark.parametrize("flags", [0x0000, 0x0100, 0x8180, 0x8400])
def test_what_goes_to_a_group_is_a_cousins(port: int, flags: int) -> None:
    """
    Whatever its flags: no server is asked there.
    """
    payload = header(flags=flags) + ASKED

    for group in GROUPS:
        assert PORTS[port] is spoken(packet(payload, dport=port, dst=group))
        assert PORTS[port] is spoken(packet(payload, sport=port, dport=50001, dst=group))
    for address in UNICAST:
        assert spoken(packet(payload, dport=port, dst=address)) is None


@pytest.mark.parametrize(
    ("port", "flags", "theirs"),
    [
        (5353, 0x0000, True),  # asked and answered by hosts alone
        (5353, 0x8400, True),
        (5353, 0x8000, True),
        (5353, 0x0100, False),  # RD, RA, AD, CD
        (5353, 0x8500, False),
        (5353, 0x8480, False),
        (5353, 0x8420, False),
        (5353, 0x0010, False),
        (5355, 0x0000, True),
        (5355, 0x8000, True),
        (5355, 0x8500, True),  # C and T of a response
        (5355, 0x0100, False),
        (5355, 0x8180, False),
        (5355, 0x8520, False),
    ],
)
def test_what_comes_from_the_port_is_a_cousins_without_a_servers_flags(
    port: int, flags: int, *, theirs: bool
) -> None:
    """
    Public resolvers set RA there, and their clients RD.
    """
    payload = header(flags=flags) + ASKED

    expected = PORTS[port] if theirs else None
    assert expected is spoken(packet(payload, sport=port, dport=50001))
    assert expected is spoken(packet(payload, sport=port, dport=port))
    assert spoken(packet(payload, sport=50001, dport=port)) is None


@pytest.mark.parametrize("port", [5353, 5355])
def test_what_has_another_shape_is_a_cousins(port: int) -> None:
    """
    Two questions, answers in a query, a class's top bit: no DNS is searched in it.
    """
    several = header(flags=0, counts=(2, 0, 0, 0)) + ASKED + ASKED
    known = header(flags=0, counts=(1, 1, 0, 0)) + ASKED + record(pointer(FIRST), 1, ADDRESS)
    direct = header(flags=0) + question(LOCAL, qclass=TOP | 1)

    for payload in (several, known, direct):
        assert PORTS[port] is spoken(packet(payload, dport=port))


def test_other_ports_and_tcp_are_no_cousins() -> None:
    """
    The group alone makes none, and LLMNR over TCP is not read.
    """
    assert spoken(packet(PLAIN_QUERY, dport=53, dst=GROUPS[0])) is None
    assert spoken(packet(PLAIN_QUERY, dport=5355, dst=GROUPS[0], transport="tcp")) is None


def test_of_two_such_ports_the_one_sent_to_counts() -> None:
    """
    What comes from another cousin's port does not come from its own.
    """
    assert LLMNR is spoken(packet(PLAIN_QUERY, sport=5353, dport=5355, dst=GROUPS[2]))
    assert spoken(packet(PLAIN_RESPONSE, sport=5353, dport=5355)) is None


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=80),
    st.sampled_from([pair for port in PORTS for pair in ((port, 50001), (50001, port))]),
    st.sampled_from((*UNICAST, *GROUPS)),
)
def test_any_octets_are_somebodys(payload: bytes, ports: tuple[int, int], dst: str) -> None:
    """
    Whatever is said on these ports, telling whose it is and reading it raises nothing, and what
    was read ships.
    """
    dialect = spoken(packet(payload, *ports, dst)) or DNS
    message = decode(payload, dialect)

    assert (message is None) == (len(payload) < 12)
    if message is not None:
        octets = msgspec.msgpack.encode(message)
        assert message == msgspec.msgpack.decode(octets, type=Decoded)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from((MDNS, LLMNR, NBNS)),
    st.binary(min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([LOCAL, ASKED, b"\x20" + b"CA" * 16 + b"\0", pointer(FIRST)]),
            st.sampled_from([b"\0\x20\0\1", b"\0\x21\0\1", b"\0\1\x80\1\0\0\0\1\0\4"]),
        ),
        max_size=12,
    ),
)
def test_any_octets_decode_in_every_dialect(
    dialect: Dialect, start: bytes, counts: list[int], rest: list[bytes]
) -> None:
    """
    As far as they can be read, printable, each kind of damage noted once.
    """
    payload = start + b"".join([count.to_bytes(2) for count in counts]) + b"".join(rest)

    message = said(payload, dialect)

    records = message.answers + message.authorities + message.additionals
    texts = [
        *[question.qname for question in message.questions],
        *[text for record in records for text in (record.name, record.rdata)],
    ]
    assert all(text.isascii() and text.isprintable() for text in texts)
    assert len(message.anomalies) == len(set(message.anomalies))


# --- mDNS ----------------------------------------------------------------------------------------


def test_mdns_question_may_ask_for_a_unicast_response() -> None:
    """
    The top bit of its class says so (RFC 6762 §5.4), and is no part of the class.
    """
    payload = (
        header(flags=0, ident=0, counts=(2, 0, 0, 0))
        + question(SERVICE, qtype=12, qclass=TOP | 1)
        + question(LOCAL, qtype=255, qclass=1)
    )

    message = said(payload, MDNS)

    assert (
        Question("_ipp._tcp.local", "PTR", "IN", unicast_response=True),
        Question("host.local", "ANY", "IN"),
    ) == message.questions
    assert (0, (), ()) == (message.id, message.flags, message.anomalies)


def test_mdns_record_may_flush_the_cache() -> None:
    """
    The top bit of its class says so (RFC 6762 §10.2); its rdata is that of the class without. A
    response needs no question (§6).
    """
    payload = (
        header(flags=0x8400, ident=0, counts=(0, 2, 0, 1))
        + record(LOCAL, 1, ADDRESS, rclass=TOP | 1)
        + record(SERVICE, 12, b"\3lab" + pointer(FIRST))
        + record(b"\0", 41, b"", rclass=0x85A0)
    )

    message = said(payload, MDNS)

    assert (
        Record("host.local", "A", "IN", 60, "192.0.2.1", cache_flush=True),
        Record("_ipp._tcp.local", "PTR", "IN", 60, "lab.host.local"),
    ) == message.answers
    assert (("AA",), ()) == (message.flags, message.anomalies)
    assert message.edns is not None
    assert 0x85A0 == message.edns.udp_size  # no class, and no bit of one


def test_mdns_query_tells_the_answers_it_has() -> None:
    """
    Known answers (RFC 6762 §7.1), with TC where more follow (§7.2); a probe tells in the
    authority section what it is about to claim (§8.2).
    """
    payload = (
        header(flags=0x0200, ident=0, counts=(1, 1, 1, 0))
        + question(SERVICE, qtype=12)
        + record(pointer(FIRST), 12, b"\3lab" + pointer(FIRST))
        + record(LOCAL, 1, ADDRESS)
    )

    message = said(payload, MDNS)

    assert (("TC",), ()) == (message.flags, message.anomalies)
    assert ["lab._ipp._tcp.local"] == [answer.rdata for answer in message.answers]
    assert ["192.0.2.1"] == [each.rdata for each in message.authorities]


def test_mdns_names_are_octets() -> None:
    """
    They are UTF-8 (RFC 6762 §16), spaces and dots within a label too; printed as all names are.
    """
    payload = header(flags=0) + question(wire_name("Büro 2.1".encode(), b"local"), qtype=16)

    (asked,) = said(payload, MDNS).questions

    assert r"b\195\188ro\0322\.1.local" == asked.qname
    assert r"B\195\188ro\0322\.1.local" == asked.wire_name


def test_dns_classes_keep_their_top_bit() -> None:
    """
    The bit is mDNS' alone: elsewhere the class is another.
    """
    payload = header() + question(LOCAL, qclass=TOP | 1)

    for dialect in (DNS, LLMNR):
        (asked,) = said(payload, dialect).questions
        assert ("CLASS32769", False) == (asked.qclass, asked.unicast_response)


# --- LLMNR ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x0000, ()),
        (0x8400, ("C",)),
        (0x8200, ("TC",)),
        (0x8100, ("T",)),
        (0x87F0, ("C", "TC", "T")),
    ],
)
def test_llmnr_has_flags_of_its_own(flags: int, expected: tuple[str, ...]) -> None:
    """
    Conflict and tentative stand where DNS has AA and RD, and nothing where it has RA, AD and CD
    (RFC 4795 §2.1.1).
    """
    assert expected == said(header(flags=flags) + ASKED, LLMNR).flags


def test_llmnr_asks_one_question_alone() -> None:
    """
    Senders and responders discard what has another number of them, or a query with answers
    (RFC 4795 §2.1.1).
    """
    two = header(flags=0, counts=(2, 0, 0, 0)) + ASKED + ASKED
    answered = header(flags=0, counts=(1, 1, 0, 0)) + ASKED + record(pointer(FIRST), 1, ADDRESS)

    assert (Anomaly.QUESTIONS_NOT_ONE,) == said(two, LLMNR).anomalies
    assert (Anomaly.QUERY_WITH_ANSWERS,) == said(answered, LLMNR).anomalies
    assert () == said(header(flags=0) + ASKED, LLMNR).anomalies
