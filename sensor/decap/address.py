"""The text of an IP address, as RFC 5952 writes it."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

# A tap sees the same hosts over and over, and making the text costs as much as all the rest of
# a header. 16384 entries are about 3 MB; a flood of made-up addresses only costs that time.
_REMEMBERED = 16_384


@lru_cache(maxsize=_REMEMBERED)
def text(octets: bytes) -> str:
    """Write 4 octets as IPv4, 16 as IPv6.

    An IPv4-mapped address is `::ffff:192.0.2.1` (RFC 5952 §5), whatever the Python version.
    """
    if len(octets) == 4:
        return str(IPv4Address(octets))
    address = IPv6Address(octets)
    if address.ipv4_mapped is not None:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)
