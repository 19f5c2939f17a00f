"""Service bindings, held to dnspython's."""

import struct

import dns.name
import dns.rdata
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.dns import rdata
from sensor.dns.names import Names, WireError
from tests.dns import messages
from tests.dns.messages import wire_name

SVCB = 64
HTTPS = 65


def read(octets: bytes) -> str:
    return rdata.read(octets, 0, len(octets), (HTTPS, 1), Names(octets))[0]


def binding(*parameters: tuple[int, bytes]) -> bytes:
    return b"\0\1\0" + b"".join(
        struct.pack("!HH", key, len(value)) + value for key, value in parameters
    )


# The test vectors of RFC 9460 appendix D.1 and D.2, and the parameters added since.
TEXTS = [
    "0 foo.example.com.",
    "1 .",
    "16 foo.example.com. port=53",
    '1 foo.example.com. key667="hello"',
    '1 foo.example.com. key667="hello\\210qoo"',
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
    '16 foo.example.org. mandatory="alpn,ipv4hint" alpn="h2,h3-19" ipv4hint="192.0.2.1"',
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    '1 . alpn="h2" no-default-alpn port=8443 ech="AAQAAQAB" ohttp',
    '1 . alpn="h2" dohpath="/dns-query{?dns}"',
    '1 . alpn="co" docpath="dns,query"',
    "1 . docpath",
    "1 . key65400",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_binding_has_its_presentation_text(text: str) -> None:
    """
    RFC 9460 §2.1 and appendix A, in dnspython's quoted spelling.
    """
    parsed = dns.rdata.from_text("IN", "HTTPS", text)

    got = read(messages.octets_of(parsed))

    assert messages.text_of(parsed) == got
    again = dns.rdata.from_text("IN", "HTTPS", got, origin=dns.name.root, relativize=False)
    assert parsed == again


def test_groups_are_numbers() -> None:
    """
    dnspython does not know tls-supported-groups.
    """
    assert '1 . tls-supported-groups="29,23"' == read(binding((9, b"\0\x1d\0\x17")))


def test_parameters_of_an_alias_are_shown() -> None:
    """
    They mean nothing (RFC 9460 §2.4.2), but were sent; the alias is still followed.
    """
    octets = b"\0\0" + wire_name(b"a") + b"\0\3\0\2\0\x35"

    assert ('0 a port="53"', "a") == rdata.read(octets, 0, len(octets), (SVCB, 1), Names(octets))


@pytest.mark.parametrize(
    "octets",
    [
        b"\0\1",
        binding() + b"\0\1",
        binding() + b"\0\1\0\5\2h2",
        binding((3, b"\0\x35"), (3, b"\0\x35")),
        binding((3, b"\0\x35"), (1, b"\2h2")),
        binding((0, b"")),
        binding((0, b"\0")),
        binding((1, b"")),
        binding((1, b"\0")),
        binding((1, b"\3h2")),
        binding((2, b"x")),
        binding((3, b"\0")),
        binding((3, b"\0\0\0")),
        binding((4, b"\1\2\3")),
        binding((4, b"")),
        binding((5, b"")),
        binding((6, b"\0" * 15)),
        binding((8, b"x")),
    ],
)
def test_a_binding_that_does_not_parse_is_malformed(octets: bytes) -> None:
    """
    RFC 9460 §2.2: cut, keys that do not rise, or a value not of its key's format.
    """
    with pytest.raises(WireError):
        read(octets)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 12), st.binary(max_size=40)), max_size=4))
def test_any_parameters_either_read_or_are_damage(parameters: list[tuple[int, bytes]]) -> None:
    """
    Nothing but `WireError` comes out, and what reads is printable ASCII.
    """
    try:
        text = read(binding(*parameters))
    except WireError:
        return

    assert text.isascii()
    assert text.isprintable()
