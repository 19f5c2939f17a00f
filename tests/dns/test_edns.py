"""EDNS options as text."""

import struct

import dns.edns
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.dns.message import Edns, Option
from tests.dns import messages
from tests.dns.messages import WWW, decoded, header, question, record, wire_name

OPT = 41


def asked_with(*opts: bytes) -> bytes:
    return header(flags=0x0100, counts=(1, 0, 0, len(opts))) + question(WWW) + b"".join(opts)


def opt(*options: tuple[int, bytes], size: int = 1232, ttl: int = 0, owner: bytes = b"\0") -> bytes:
    rdata = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return record(owner, OPT, rdata, rclass=size, ttl=ttl)


def option(code: int, value: bytes) -> tuple[Option, tuple[Anomaly, ...]]:
    message = decoded(asked_with(opt((code, value))))
    assert message.edns is not None
    return message.edns.options[0], message.anomalies


def test_the_record_says_size_version_and_do() -> None:
    """
    RFC 6891 §6.1.2 and §6.1.3: they stand where other records have class and TTL.
    """
    message = decoded(asked_with(opt(size=4096, ttl=0x0001_8000)))

    assert Edns(udp_size=4096, version=1, do=True) == message.edns
    assert () == message.additionals
    assert () == message.anomalies


def test_the_response_code_has_eight_upper_bits() -> None:
    """
    RFC 6891 §6.1.3: BADCOOKIE is 23, of which the header holds 7.
    """
    payload = header(flags=0x8007, counts=(0, 0, 0, 1)) + opt(ttl=0x0100_0000)

    assert "BADCOOKIE" == decoded(payload).rcode


@pytest.mark.parametrize(
    ("code", "value", "name", "text"),
    [
        (3, b"gpdns-fra", "NSID", "gpdns-fra"),
        (3, b"\x00\x01", "NSID", "0001"),
        (3, b"", "NSID", ""),
        (5, b"\x08\x0d", "DAU", "8 13"),
        (6, b"\x01", "DHU", "1"),
        (7, b"", "N3U", ""),
        (8, b"\0\1\x18\0\xc0\0\2", "ECS", "192.0.2.0/24 scope/0"),
        (8, b"\0\1\x17\x10\xc0\0\2", "ECS", "192.0.2.0/23 scope/16"),
        (8, b"\0\2\x38\0\x20\1\x0d\xb8\0\0\0", "ECS", "2001:db8::/56 scope/0"),
        (8, b"\0\1\0\0", "ECS", "0.0.0.0/0 scope/0"),
        (9, b"", "EXPIRE", ""),
        (9, b"\0\0\x0e\x10", "EXPIRE", "3600"),
        (10, bytes(range(8)), "COOKIE", "0001020304050607"),
        (10, bytes(range(16)), "COOKIE", bytes(range(16)).hex()),
        (11, b"", "KEEPALIVE", ""),
        (11, b"\0\x7b", "KEEPALIVE", "12.3s"),
        (12, b"\0" * 100, "PADDING", "100 octets"),
        (12, b"hidden", "PADDING", b"hidden".hex()),
        (13, wire_name(b"Example", b"com"), "CHAIN", "example.com"),
        (14, b"\x4a\x5c\x4f\x66", "KEY-TAG", "19036 20326"),
        (15, b"\0\x12blocked by policy", "EDE", "18 (Prohibited): blocked by policy"),
        (15, b"\0\x0f", "EDE", "15 (Blocked)"),
        (15, b"\xff\x00\0", "EDE", "65280"),
        (15, "\0\0é\n\\".encode(), "EDE", "0 (Other): é\\n\\\\"),
        (18, wire_name(b"agent", b"example"), "REPORTCHANNEL", "agent.example"),
        (26946, b"\xde\xad", "DEVICEID", "dead"),
        (65001, b"\xde\xad", "OPT65001", "dead"),
    ],
)
def test_each_option_has_its_text(code: int, value: bytes, name: str, text: str) -> None:
    """
    Readable where the option's RFC gives it a meaning, else hex.
    """
    assert (Option(code, name, text), ()) == option(code, value)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (8, b""),
        (8, b"\0\1\x18\0\xc0\0"),
        (8, b"\0\1\x18\0\xc0\0\2\0"),
        (8, b"\0\1\x17\0\xc0\0\3"),
        (8, b"\0\1\x21\0\xc0\0\2\1\0"),
        (8, b"\0\1\x08\x21\x0a"),
        (8, b"\0\3\0\0"),
        (9, b"\0"),
        (10, b"\0" * 7),
        (10, b"\0" * 15),
        (10, b"\0" * 41),
        (11, b"\0"),
        (11, b"\0\0\0"),
        (13, b"\5abc"),
        (14, b"\0\0\0"),
        (15, b"\0"),
        (15, b"\0\0\xff\xfe"),
    ],
)
def test_an_option_that_does_not_parse_is_hex_and_an_anomaly(code: int, value: bytes) -> None:
    """
    The other options of the record are not touched by it.
    """
    message = decoded(asked_with(opt((3, b"before"), (code, value), (3, b"after"))))

    assert message.edns is not None
    assert ["before", value.hex(), "after"] == [each.value for each in message.edns.options]
    assert (Anomaly.OPT_MALFORMED,) == message.anomalies


def test_options_before_a_cut_one_are_kept() -> None:
    """
    Its length leads past the record's end.
    """
    rdata = b"\0\3\0\2ns" + b"\0\3\0\x09cut"

    message = decoded(asked_with(record(b"\0", OPT, rdata, rclass=1232)))

    assert message.edns is not None
    assert ["ns"] == [each.value for each in message.edns.options]
    assert (Anomaly.OPT_MALFORMED,) == message.anomalies


def test_the_first_of_two_opt_records_counts() -> None:
    """
    RFC 6891 §6.1.1: more than one is an error.
    """
    message = decoded(asked_with(opt(size=1232), opt(size=4096, ttl=0x0100_0000)))

    assert Edns(udp_size=1232, version=0, do=False) == message.edns
    assert "NOERROR" == message.rcode
    assert (Anomaly.OPT_DUPLICATE,) == message.anomalies


def test_an_opt_record_belongs_to_the_root() -> None:
    """
    RFC 6891 §6.1.2; it is read all the same.
    """
    message = decoded(asked_with(opt(owner=WWW)))

    assert message.edns is not None
    assert (Anomaly.OPT_MALFORMED,) == message.anomalies


def test_an_opt_record_among_the_answers_is_a_record() -> None:
    """
    RFC 6891 §6.1.1: its place is the additional section.
    """
    message = decoded(messages.response(opt((3, b"x"))))

    assert message.edns is None
    assert [("OPT", "\\# 5 0003000178")] == [(r.type, r.rdata) for r in message.answers]
    assert (Anomaly.OPT_MALFORMED,) == message.anomalies


@settings(deadline=None, max_examples=200)
@given(messages.options)
def test_options_are_written_as_dnspython_writes_them(made: dns.edns.Option) -> None:
    """
    Less the mnemonic in front; report channels also less the last dot.
    """
    octets = messages.octets_of(made)
    read = dns.edns.option_from_wire(made.otype, octets, 0, len(octets))

    got, anomalies = option(int(made.otype), octets)

    mnemonic, _, text = read.to_text().partition(" ")
    if mnemonic == "Generic":
        text = octets.hex()
    elif mnemonic == "REPORTCHANNEL":
        text = text if text == "." else text.removesuffix(".")
    # dnspython loses the capitals of "RRSIGs" and "NSEC3" in names of errors.
    shown = (text.lower(), got.value.lower()) if mnemonic == "EDE" else (text, got.value)
    assert shown[0] == shown[1]
    assert () == anomalies


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 20), st.binary(max_size=60))
def test_any_option_is_shown_on_one_line(code: int, value: bytes) -> None:
    """
    No octets raise, and no control character gets through.
    """
    shown, _ = option(code, value)

    assert shown.value.isprintable()
