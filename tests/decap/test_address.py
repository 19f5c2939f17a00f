"""The text of an address is the canonical one."""

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.decap import address


def test_four_octets_are_dotted() -> None:
    """
    RFC 791 addresses are written as four decimal numbers.
    """
    assert address.text(bytes([192, 0, 2, 1])) == "192.0.2.1"


def test_longest_run_of_zeros_is_shortened() -> None:
    """
    RFC 5952 §4.2: the longest run of zero groups becomes `::`, letters are lower case.
    """
    octets = bytes.fromhex("20010DB8000000000001000000000001")

    assert address.text(octets) == "2001:db8::1:0:0:1"


def test_mapped_address_shows_its_ipv4() -> None:
    """
    RFC 5952 §5: an IPv4-mapped address ends in dotted decimal.
    """
    octets = bytes.fromhex("00000000000000000000ffffc0000201")

    assert address.text(octets) == "::ffff:192.0.2.1"


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
@settings(max_examples=200, deadline=None)
def test_text_reads_back(octets: bytes) -> None:
    """
    No address loses anything in its text.
    """
    assert ipaddress.ip_address(address.text(octets)).packed == octets
