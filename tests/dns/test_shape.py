"""The shape of DNS on any port."""

import random
import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from sensor.dns.shape import is_dns
from tests.dns import messages
from tests.dns.messages import (
    ASKED,
    FIRST,
    QUERY,
    RESPONSE,
    WWW,
    decoded,
    header,
    pointer,
    question,
    record,
    response,
    wire_name,
)

ANSWER = record(pointer(FIRST), 1, b"\xc0\0\2\1")
OPT = record(b"\0", 41, b"", rclass=1232)
LONGEST = wire_name(b"a" * 63, b"a" * 63, b"a" * 63, b"a" * 61)


@pytest.mark.parametrize(
    "payload",
    [
        header(flags=QUERY) + ASKED,
        header(flags=0) + question(b"\0", qtype=2),
        header(flags=QUERY, counts=(1, 0, 0, 1)) + ASKED + OPT,
        header(flags=QUERY) + question(WWW, qtype=65400),
        header(flags=QUERY) + question(WWW, qclass=3),
        header(flags=QUERY) + question(WWW, qclass=255),
        header(flags=QUERY) + question(LONGEST),
        header(flags=RESPONSE | 3) + ASKED,
        response(ANSWER),
        response(ANSWER, record(WWW, 16, b"\5hello")),
        response(record(pointer(FIRST), 1, b"bad")),
        header(counts=(1, 1, 1, 2)) + ASKED + ANSWER * 3 + OPT,
    ],
)
def test_messages_in_the_shape_are_dns(payload: bytes) -> None:
    """
    Queries and responses as programs send them.
    """
    assert is_dns(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        header(),
        (header(flags=QUERY) + question(b"\0"))[:-1],
        header(flags=QUERY | 0x2800) + ASKED,
        header(flags=QUERY | 0x0040) + ASKED,
        header(flags=QUERY, counts=(0, 0, 0, 0)) + ASKED,
        header(flags=QUERY, counts=(2, 0, 0, 0)) + ASKED * 2,
        header(flags=QUERY, counts=(257, 0, 0, 0)) + ASKED,
        header(flags=QUERY, counts=(1, 1, 0, 0)) + ASKED + ANSWER,
        header(flags=QUERY) + question(b"\1a" + pointer(FIRST)),
        header(flags=QUERY) + question(b"\x40a\0"),
        header(flags=QUERY) + question(WWW, qclass=4),
        header(flags=QUERY) + question(WWW, qclass=0x8001),
        header(flags=QUERY) + question(wire_name(b"a" * 63, b"a" * 63, b"a" * 63, b"a" * 62)),
        header(flags=QUERY) + b"\x3fwww",
        header(flags=QUERY) + ASKED + b"\0",
        header(counts=(1, 1, 0, 0)) + ASKED,
        header(counts=(1, 0, 0, 0xFFFF)) + ASKED + OPT,
        response(ANSWER)[:-1],
        response(ANSWER) + b"\0",
        response(record(pointer(FIRST), 1, b"abcd", length=5)),
        response(record(pointer(FIRST), 1, b"abcd", length=3)),
        response(record(b"\x40", 1, b"abcd")),
        response(b"\x01" * 40),
    ],
)
def test_anything_else_is_not(payload: bytes) -> None:
    """
    One departure each.
    """
    assert not is_dns(payload)


def test_no_message_in_the_shape_survives_a_cut_or_an_addition() -> None:
    """
    The whole payload is the message.
    """
    payload = header(counts=(1, 2, 1, 1)) + ASKED + ANSWER * 3 + OPT

    assert is_dns(payload)
    assert not any(is_dns(payload[:size]) for size in range(len(payload)))
    assert not is_dns(payload + b"\0")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(messages.wires())
def test_the_shape_is_what_the_decoder_sees(wire: bytes) -> None:
    """
    Of whole messages, exactly those are taken whose header and question the shape allows.
    """
    message = decoded(wire)
    (asked, *more) = message.questions or (None,)
    expected = (
        message.opcode == "QUERY"
        and asked is not None
        and not more
        and asked.qclass in ("IN", "CH", "ANY")
        and (message.qr or not message.answers)
    )

    assert expected == is_dns(wire)


def test_random_octets_are_not_dns() -> None:
    """
    A hundred thousand payloads of 12 to 1400 random octets; a million were tried once.
    """
    chance = random.Random(7)

    taken = sum(is_dns(chance.randbytes(chance.randint(12, 1400))) for _ in range(100_000))

    assert 0 == taken


def test_likely_headers_before_random_octets_are_not_dns() -> None:
    """
    With the header bits right, the question and the records still have to fit to the octet.
    """
    chance = random.Random(7)
    start = header(counts=(1, 1, 0, 0))

    taken = sum(is_dns(start + chance.randbytes(chance.randint(5, 300))) for _ in range(100_000))

    assert 0 == taken


def _rtp(chance: random.Random, number: int) -> bytes:
    """RFC 3550 §5.1: version 2, a payload type, number and time that run on, a source."""
    fixed = struct.pack("!BBHII", 0x80, 96 | number & 1, number & 0xFFFF, number * 160, 1 << 16)
    return fixed + chance.randbytes(chance.choice((160, 172, 1200)))


def _quic_long(chance: random.Random, number: int) -> bytes:
    """RFC 9000 §17.2: the long header with version 1 and two connection ids of 0 to 20 octets."""
    ids = b"".join(bytes([size]) + chance.randbytes(size) for size in (number % 21, number % 7))
    return bytes([0xC0 | number & 0x3F]) + b"\0\0\0\1" + ids + b"\0" + chance.randbytes(1200)


def _quic_short(chance: random.Random, number: int) -> bytes:
    """RFC 9000 §17.3: the short header, and all else encrypted."""
    return bytes([0x40 | number & 0x3F]) + chance.randbytes(chance.randint(20, 1350))


def _stun(chance: random.Random, number: int) -> bytes:
    """RFC 8489 §5: a type, a length, the cookie, a transaction id; zeros as padding."""
    value = chance.randbytes(8) + bytes(4)
    return struct.pack("!HHI", number % 2 * 0x100 | 1, len(value), 0x2112A442) + bytes(12) + value


def _counting(chance: random.Random, number: int) -> bytes:
    """Games and telemetry: small numbers that count, and zeros."""
    return struct.pack("!6H", number & 0xFFFF, 0, 1, 0, 0, number & 1) + bytes(number % 40)


@pytest.mark.parametrize("made", [_rtp, _quic_long, _quic_short, _stun, _counting])
def test_other_protocols_are_not_dns(made: Callable[[random.Random, int], bytes]) -> None:
    """
    Fifty thousand payloads each as media, QUIC, STUN and counters have them. (Counters with the
    very header of a query: a name, type and class of zeros is none.)
    """
    chance = random.Random(11)

    taken = sum(is_dns(made(chance, number)) for number in range(50_000))

    assert 0 == taken
