"""Whole messages, decoded: what is where, and what damage loses."""

import time

import pytest

from sensor.anomalies import Anomaly
from sensor.dns.decode import decode
from sensor.dns.message import Decoded, Question, Record
from tests.dns.messages import (
    ASKED,
    FIRST,
    NS,
    QUERY,
    WWW,
    decoded,
    header,
    pointer,
    question,
    record,
    response,
    wire_name,
)

ADDRESS = b"\xc0\x00\x02\x01"
OWNER = pointer(FIRST)
GOOD = record(OWNER, 1, ADDRESS)
SHOWN = Record("www.example.com", "A", "IN", 60, "192.0.2.1")


def test_a_query_is_decoded() -> None:
    """
    The plainest message there is.
    """
    payload = header(flags=QUERY) + ASKED

    assert Decoded(
        id=0x1234,
        qr=False,
        opcode="QUERY",
        rcode="NOERROR",
        flags=("RD",),
        questions=(Question("www.example.com", "A", "IN"),),
    ) == decode(payload)


def test_every_section_is_decoded() -> None:
    """
    A record is in the section that its place says.
    """
    alias = record(OWNER, 5, b"\4edge" + pointer(FIRST + 4), ttl=300)
    server = record(pointer(FIRST + 4), 2, b"\2ns" + pointer(FIRST + 4))
    glue = record(b"\2ns" + pointer(FIRST + 4), 1, ADDRESS)
    payload = header(flags=0x8583, counts=(1, 1, 1, 1)) + ASKED + alias + server + glue

    message = decoded(payload)

    assert ("NXDOMAIN", ("AA", "RD", "RA")) == (message.rcode, message.flags)
    assert (
        Record("www.example.com", "CNAME", "IN", 300, "edge.example.com", "edge.example.com"),
    ) == message.answers
    assert (Record("example.com", "NS", "IN", 60, "ns.example.com"),) == message.authorities
    assert (Record("ns.example.com", "A", "IN", 60, "192.0.2.1"),) == message.additionals
    assert () == message.anomalies


def test_all_flags_are_told_in_order() -> None:
    """
    Z is none of them.
    """
    message = decoded(header(flags=0x8FF0 & ~0x7800 | 0x8000) + ASKED)

    assert ("AA", "TC", "RD", "RA", "AD", "CD") == message.flags


def test_a_name_in_mixed_case_is_shown_as_sent_too() -> None:
    """
    Resolvers randomise case (0x20); names compare without it.
    """
    payload = header() + question(wire_name(b"aPi", b"TELEgram", b"ORg"))

    assert (Question("api.telegram.org", "A", "IN", "aPi.TELEgram.ORg"),) == decoded(
        payload
    ).questions


def test_a_label_with_dots_is_one_label() -> None:
    """
    The single 16-octet label is another name than that of three labels.
    """
    one = decoded(header() + question(wire_name(b"api.telegram.org")))
    three = decoded(header() + question(wire_name(b"api", b"telegram", b"org")))

    assert "api\\.telegram\\.org" == one.questions[0].qname
    assert "api.telegram.org" == three.questions[0].qname


def test_every_question_is_decoded() -> None:
    """
    Nobody sends more than one, so it is noted.
    """
    second = question(b"\3ftp" + pointer(FIRST + 4), qtype=28)

    message = decoded(header(counts=(2, 1, 0, 0)) + ASKED + second + GOOD)

    assert [("www.example.com", "A"), ("ftp.example.com", "AAAA")] == [
        (asked.qname, asked.qtype) for asked in message.questions
    ]
    assert (SHOWN,) == message.answers
    assert (Anomaly.QUESTIONS_NOT_ONE,) == message.anomalies


def test_a_message_may_have_no_question() -> None:
    """
    Later messages of a zone transfer (RFC 5936 §2.2.1) and cookie queries (RFC 7873 §5.4) do so.
    """
    message = decoded(header(counts=(0, 1, 0, 0)) + record(WWW, 1, ADDRESS))

    assert (SHOWN,) == message.answers
    assert (Anomaly.QUESTIONS_NOT_ONE,) == message.anomalies


@pytest.mark.parametrize(
    ("opcode", "name"),
    [(0, "QUERY"), (1, "IQUERY"), (2, "STATUS"), (4, "NOTIFY"), (5, "UPDATE"), (7, "OPCODE7")],
)
def test_every_opcode_is_decoded_alike(opcode: int, name: str) -> None:
    """
    The sections of NOTIFY (RFC 1996) and UPDATE (RFC 2136) look like those of a query.
    """
    payload = header(flags=opcode << 11, counts=(1, 0, 1, 0)) + ASKED + GOOD

    message = decoded(payload)

    assert (name, (SHOWN,), ()) == (message.opcode, message.authorities, message.anomalies)


def test_an_update_may_hold_records_without_rdata() -> None:
    """
    "Delete this set": class ANY, TTL and length zero (RFC 2136 §2.5.2).
    """
    gone = record(OWNER, 5, b"", rclass=255, ttl=0)

    message = decoded(header(flags=0x2800, counts=(1, 0, 1, 0)) + ASKED + gone)

    assert (Record("www.example.com", "CNAME", "ANY", 0, "\\# 0"),) == message.authorities
    assert () == message.anomalies


def test_unknown_types_and_classes_are_numbers() -> None:
    """
    RFC 3597 §5.
    """
    payload = response(record(OWNER, 65400, b"\1\2", rclass=9), asked=question(WWW, qclass=9))

    message = decoded(payload)

    assert "CLASS9" == message.questions[0].qclass
    assert (Record("www.example.com", "TYPE65400", "CLASS9", 60, "\\# 2 0102"),) == message.answers


def test_what_a_query_should_not_have_is_noted() -> None:
    """
    A response code, and answers (which multicast DNS allows: RFC 6762 §7.1).
    """
    message = decoded(header(flags=QUERY | 3, counts=(1, 1, 0, 0)) + ASKED + GOOD)

    assert (Anomaly.RESPONSE_CODE_IN_QUERY, Anomaly.QUERY_WITH_ANSWERS) == message.anomalies


@pytest.mark.parametrize("size", range(12))
def test_less_than_a_header_is_no_message(size: int) -> None:
    """
    RFC 1035 §4.1.1: it has twelve octets.
    """
    assert decode(header()[:size]) is None


# --- damage ----------------------------------------------------------------------------------

LAST = record(OWNER, 1, b"\xc6\x33\x64\x01")
LAST_SHOWN = Record("www.example.com", "A", "IN", 60, "198.51.100.1")


@pytest.mark.parametrize(
    ("bad", "anomalies"),
    [
        (record(pointer(0x3FFF), 1, ADDRESS), [Anomaly.POINTER_OUTSIDE]),
        (record(pointer(FIRST + 40), 1, ADDRESS), [Anomaly.POINTER_FORWARD]),
        (record(pointer(FIRST + len(ASKED) + len(GOOD)), 1, ADDRESS), [Anomaly.POINTER_LOOP]),
        (record(wire_name(*[b"a" * 63] * 5), 1, ADDRESS), [Anomaly.NAME_TOO_LONG]),
    ],
)
def test_a_record_whose_owner_is_unreadable_loses_itself(
    bad: bytes, anomalies: list[Anomaly]
) -> None:
    """
    Its length says where the next starts.
    """
    message = decoded(response(GOOD, bad, LAST))

    assert (SHOWN, LAST_SHOWN) == message.answers
    assert anomalies == list(message.anomalies)


@pytest.mark.parametrize(
    ("rtype", "rdata", "anomalies"),
    [
        (1, b"\1\2\3", [Anomaly.RDATA_MALFORMED]),
        (5, pointer(0x3FFF), [Anomaly.POINTER_OUTSIDE, Anomaly.RDATA_MALFORMED]),
        (5, b"\x40abc", [Anomaly.LABEL_TYPE_UNKNOWN, Anomaly.RDATA_MALFORMED]),
        (5, b"\4edge", [Anomaly.RDATA_MALFORMED]),
        (16, b"\x09cut", [Anomaly.RDATA_MALFORMED]),
        (65, b"\0\1\0\0\1\0\x09h2", [Anomaly.RDATA_MALFORMED]),
    ],
)
def test_rdata_that_does_not_parse_is_kept_as_octets(
    rtype: int, rdata: bytes, anomalies: list[Anomaly]
) -> None:
    """
    RFC 3597 §5, and the records around it are untouched.
    """
    message = decoded(response(GOOD, record(OWNER, rtype, rdata), LAST))

    assert (SHOWN, LAST_SHOWN) == (message.answers[0], message.answers[2])
    assert (f"\\# {len(rdata)} {rdata.hex()}", None) == (
        message.answers[1].rdata,
        message.answers[1].target,
    )
    assert anomalies == list(message.anomalies)


@pytest.mark.parametrize(
    ("bad", "anomaly"),
    [
        (record(b"\x40abc\0", 1, ADDRESS), Anomaly.LABEL_TYPE_UNKNOWN),
        (record(OWNER, 1, ADDRESS, length=400), Anomaly.RECORD_TRUNCATED),
        (OWNER + b"\0\1\0", Anomaly.RECORD_TRUNCATED),
        (b"\x3fwww", Anomaly.NAME_TRUNCATED),
        (b"", Anomaly.MESSAGE_TRUNCATED),
    ],
)
def test_a_record_without_known_end_loses_the_rest(bad: bytes, anomaly: Anomaly) -> None:
    """
    What was read is kept, in earlier sections too.
    """
    payload = header(counts=(1, 1, 2, 5)) + ASKED + GOOD + LAST + bad

    message = decoded(payload)

    assert ((SHOWN,), (LAST_SHOWN,), ()) == (
        message.answers,
        message.authorities,
        message.additionals,
    )
    assert (anomaly,) == message.anomalies


def test_an_unreadable_question_does_not_lose_the_answers() -> None:
    """
    Its end is known in place.
    """
    message = decoded(response(record(WWW, 1, ADDRESS), asked=question(pointer(0x3FFF))))

    assert ((), (SHOWN,)) == (message.questions, message.answers)
    assert (Anomaly.POINTER_OUTSIDE,) == message.anomalies


def test_each_damage_is_noted_once() -> None:
    """
    In the order it was met.
    """
    bad = record(OWNER, 1, b"")
    lost = record(pointer(0x3FFF), 1, b"")

    message = decoded(response(bad, lost, bad, lost) + b"more")

    assert (
        Anomaly.RDATA_MALFORMED,
        Anomaly.POINTER_OUTSIDE,
        Anomaly.TRAILING_OCTETS,
    ) == message.anomalies


def test_a_message_cut_anywhere_keeps_a_prefix_of_its_records() -> None:
    """
    Nothing is made up, and nothing whole is lost.
    """
    parts = [GOOD, LAST, record(OWNER, 5, b"\4edge" + OWNER), record(OWNER, 16, b"\3abc"), GOOD]
    payload = response(*parts)
    whole = decoded(payload).answers
    ends = [FIRST + len(ASKED) + sum(map(len, parts[: n + 1])) for n in range(len(parts))]

    for size in range(FIRST, len(payload)):
        message = decoded(payload[:size])

        assert whole[: sum(end <= size for end in ends)] == message.answers
        assert 1 == len(message.anomalies)


# --- cost ------------------------------------------------------------------------------------

LARGEST = 65535
SECONDS = 3.0
"""Far above what is seen (0.15 s), far below what quadratic work would take (minutes)."""


def _timed(payload: bytes) -> Decoded:
    assert len(payload) <= LARGEST
    started = time.perf_counter()
    message = decoded(payload)
    assert time.perf_counter() - started < SECONDS
    return message


def _filled(first: bytes, owners: list[bytes], rtype: int = 2) -> bytes:
    """A message as large as can be: octets for pointers to lead into, then one record an owner.

    The first octets are a record of their own, so that all of it is well-formed.
    """
    start = header(counts=(0, 0xFFFF, 0, 0)) + record(b"\0", 10, first)
    records = []
    size = len(start)
    for owner in owners:
        one = record(owner, rtype, owner)
        if size + len(one) > LARGEST:
            break
        size += len(one)
        records.append(one)
    return start + b"".join(records)


INTO = FIRST + 11
"""Where the rdata of the first record of `_filled` starts."""


def test_many_names_with_one_long_tail_are_fast() -> None:
    """
    127 labels at each of thousands of places.
    """
    tail = wire_name(*[b"a"] * 127)

    message = _timed(_filled(tail, [pointer(INTO)] * 5000))

    assert ".".join("a" * 127) == message.answers[-1].rdata
    assert (Anomaly.QUESTIONS_NOT_ONE, Anomaly.MESSAGE_TRUNCATED) == message.anomalies


def test_a_name_at_every_offset_is_fast() -> None:
    """
    All octets are short labels, so each offset starts another name of up to 127 labels.
    """
    octets = (b"\1" * 251 + b"\0\0") * 50
    owners = [pointer(INTO + at) for at in range(len(octets))]

    message = _timed(_filled(octets, owners))

    assert 2000 < len(message.answers)
    assert (Anomaly.QUESTIONS_NOT_ONE, Anomaly.MESSAGE_TRUNCATED) == message.anomalies


def test_a_long_chain_of_pointers_is_fast() -> None:
    """
    Each pointer leads to the one before; every name ends with the whole chain.
    """
    hops = b"\1a\0\0" + b"".join(pointer(INTO + 2 * at) for at in (0, *range(2, 8000)))

    message = _timed(_filled(hops[:16000], [pointer(INTO + 15998)] * 5000))

    assert "a" == message.answers[-1].name
    assert (Anomaly.QUESTIONS_NOT_ONE, Anomaly.MESSAGE_TRUNCATED) == message.anomalies


def test_a_long_chain_that_ends_in_damage_is_fast() -> None:
    """
    Names that cannot be read are not kept, so how often they are walked has a bound.
    """
    hops = b"\x40\0" + b"".join(pointer(INTO + 2 * at) for at in range(8000))

    message = _timed(_filled(hops, [pointer(INTO + 16000)] * 5000))

    assert ["NULL"] == [answer.type for answer in message.answers]
    assert Anomaly.LABEL_TYPE_UNKNOWN in message.anomalies
    assert Anomaly.POINTERS_TOO_MANY in message.anomalies


def test_records_of_nothing_are_fast() -> None:
    """
    As many as fit.
    """
    message = _timed(header(counts=(0, 5956, 0, 0)) + record(b"\0", 10, b"") * 5956)

    assert 5956 == len(message.answers)


def test_full_type_bit_maps_are_fast() -> None:
    """
    Eight mnemonics an octet is the widest that rdata grows.
    """
    bits = b"\0" + b"".join(bytes([window, 32]) + b"\xff" * 32 for window in range(256))

    message = _timed(header(counts=(0, 7, 0, 0)) + record(b"\0", 47, bits) * 7)

    assert 7 == len(message.answers)
    assert message.answers[0].rdata.endswith(" TYPE65535")


def test_the_longest_name_of_other_types_is_presented() -> None:
    """
    255 octets, each escaped: four characters an octet is as long as text gets.
    """
    name = wire_name(b"\0" * 63, b"\0" * 63, b"\0" * 63, b"\0" * 61)

    message = decoded(header() + name + NS + b"\0\1")

    assert 250 * 4 + 3 == len(message.questions[0].qname)


def test_a_name_may_lie_in_the_id() -> None:
    """
    A pointer to the message's first octet: the name is another when the id is.
    """
    records = record(pointer(FIRST), 5, pointer(0))
    body = (header(flags=0, counts=(1, 1, 0, 0)) + question(WWW) + records)[2:]
    read = [decode(ident + body) for ident in (b"\0\x07", b"\x01a", b"\x01b", b"\0\x08")]

    assert [".", "a", "b", "."] == [each and each.answers[0].target for each in read]
    assert [0x0007, 0x0161, 0x0162, 0x0008] == [each and each.id for each in read]
