"""Addresses as logs write them, in the one text they are compared by.

IPv6 comes in any spelling (`0:0:0:0:0:0:0:1`, upper case, with a zone), and an IPv4 address as
IPv4-mapped IPv6 (`::ffff:198.51.100.7`, RFC 4291 §2.5.5.2): that one stands for the IPv4 address.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from sensor.endpoint.values import member, text

# A shipper lists every address of a host; more than this is no host's.
_MOST_ADDRESSES: Final = 256
_LONGEST_TEXT: Final = 64  # an IPv6 address with dotted tail and a zone


def canonical_address(written: str) -> str | None:
    """Bring an address to RFC 5952 text, IPv4-mapped to IPv4; None when it is no address."""
    if not 2 <= len(written) <= _LONGEST_TEXT:
        return None
    try:
        address = ip_address(written.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def of_the_computer(record: object, computer: str) -> tuple[str, ...]:
    """Give the addresses in `host.ip` if the record's `host` is the computer it tells of.

    A collector ships other computers' records under its own `host`, whose addresses are nobody's
    here. Some shippers put the computer into `host.name` and themselves into `host.hostname`:
    so both must fit, where both are there. Loopback and link-local addresses tell no host from
    another and are left out.
    """
    names = [text(member(record, path)) for path in ("host.name", "host.hostname")]
    names = [name for name in names if name]
    if not names or not all(_same_host(name, computer) for name in names):
        return ()
    listed = member(record, "host.ip")
    return _routable(listed if isinstance(listed, list) else [listed])


def _same_host(one: str, other: str) -> bool:
    """Compare without case; a name without a dot stands for any with that first label."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if "." in one and "." in other:
        return one == other
    return bool(one) and one.partition(".")[0] == other.partition(".")[0]


def _routable(listed: Iterable[object]) -> tuple[str, ...]:
    found: set[str] = set()
    for item in listed:
        written = canonical_address(text(item))
        if written is None or len(found) == _MOST_ADDRESSES:
            continue
        address = ip_address(written)
        if not (
            address.is_loopback
            or address.is_link_local
            or address.is_unspecified
            or address.is_multicast
        ):
            found.add(written)
    return tuple(sorted(found))
