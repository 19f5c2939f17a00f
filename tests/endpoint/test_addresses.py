"""Addresses in logs, and whose they are."""

import pytest

from sensor.endpoint.addresses import canonical_address, of_the_computer


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::FFFF:198.51.100.7", "198.51.100.7"),
        ("::ffff:c633:6407", "198.51.100.7"),
        ("FE80:0:0:0:797C:AF4C:4407:B0CC%12", "fe80::797c:af4c:4407:b0cc"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        (" 198.51.100.7 ", "198.51.100.7"),
        ("198.51.100.256", None),
        ("198.51.100.007", None),
        ("-", None),
        ("", None),
        ("1" * 100, None),
    ],
)
def test_an_address_has_one_text(written: str, expected: str | None) -> None:
    """
    IPv6 in any spelling is RFC 5952 text, an IPv4-mapped address is the IPv4 one.
    """
    assert expected == canonical_address(written)


def host(**fields: object) -> dict[str, object]:
    return {"host": {"ip": ["10.20.30.41", "fe80::1", "127.0.0.1", "2001:DB8::9"], **fields}}


OWN = ("10.20.30.41", "2001:db8::9")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "FIN-WS-0231.corp.example"}, OWN),
        ({"name": "fin-ws-0231"}, OWN),
        ({"hostname": "FIN-WS-0231"}, OWN),
        ({"name": ["fin-ws-0231"]}, OWN),
        ({"name": "fin-ws-0231.corp.example", "hostname": "FIN-WS-0231"}, OWN),
        ({"name": "fin-ws-0231.other.example"}, ()),
        ({"name": "WECserver"}, ()),
        ({"name": "FIN-WS-0231.corp.example", "hostname": "WECserver"}, ()),
        ({}, ()),
    ],
)
def test_only_the_computers_own_addresses_count(
    fields: dict[str, object], expected: tuple[str, ...]
) -> None:
    """
    A collector's addresses are nobody's; loopback and link-local ones tell no host from another.
    """
    assert expected == of_the_computer(host(**fields), "FIN-WS-0231.corp.example")


def test_a_host_that_is_only_a_name_has_no_addresses() -> None:
    """
    NXLog's `host` is a text.
    """
    assert of_the_computer({"host": "wec.internal.example"}, "A") == ()


def test_a_single_address_need_not_be_a_list() -> None:
    """
    Elasticsearch does not tell one value from a list of one.
    """
    assert of_the_computer({"host": {"name": "a", "ip": "::ffff:10.0.0.1"}}, "A") == ("10.0.0.1",)
