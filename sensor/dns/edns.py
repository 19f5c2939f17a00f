"""EDNS: the OPT pseudo-record and its options (RFC 6891).

OPT is no data of a zone: its class is a UDP size, its TTL holds eight bits of the response code, a
version and flags (§6.1.3), its rdata is options. An option that is unknown is written in hex; one
that does not parse too, and it is an anomaly.
"""

from collections.abc import Mapping
from typing import Final

from sensor.anomalies import Anomaly
from sensor.dns import iana
from sensor.dns.fields import Cursor, Field, hex_rest, ipv4, ipv6, name, u16, u32
from sensor.dns.message import Edns, Option
from sensor.dns.names import Names, WireError

OPT: Final = 41
_DO: Final = 0x8000  # RFC 3225 §3
_FAMILIES: Final[Mapping[int, tuple[int, Field]]] = {1: (4, ipv4), 2: (16, ipv6)}  # RFC 7871 §6


def read(udp_size: int, ttl: int, cursor: Cursor) -> tuple[Edns, int, bool]:
    """Read an OPT record whose owner has been read.

    Args:
        udp_size: The record's class.
        ttl: Its TTL.
        cursor: At its rdata.

    Returns:
        What it says, the upper eight bits of the response code (to be shifted left by four), and
        whether all options parsed. Those before a cut one are kept.
    """
    options: list[Option] = []
    whole = True
    while cursor.offset < cursor.end:
        try:
            code = cursor.number(2)
            octets = cursor.counted(2)
        except WireError:
            whole = False
            break
        text, parsed = _value(code, octets)
        whole = whole and parsed
        options.append(Option(code, iana.option_name(code), text))
    edns = Edns(udp_size, ttl >> 16 & 0xFF, bool(ttl & _DO), tuple(options))
    return edns, ttl >> 24, whole


def _value(code: int, octets: bytes) -> tuple[str, bool]:
    """Write one option's value, and say whether it parsed."""
    # The names in options are not compressed: they are read as if the option were the message.
    cursor = Cursor(octets, 0, len(octets), Names(octets))
    try:
        text = _VALUES.get(code, hex_rest)(cursor)
    except WireError:
        return octets.hex(), False
    return (text, True) if cursor.offset == cursor.end else (octets.hex(), False)


def _identifier(value: Cursor) -> str:
    """A name server identifier: opaque, mostly text (RFC 5001 §2.3)."""
    octets = value.rest()
    printable = octets.isascii() and octets.decode("ascii").isprintable()
    return octets.decode("ascii") if printable else octets.hex()


def _algorithms(value: Cursor) -> str:
    """Algorithms understood, an octet each (RFC 6975 §3)."""
    return " ".join([str(octet) for octet in value.rest()])


def _client_subnet(value: Cursor) -> str:
    """A client subnet: as many octets of an address as the prefix needs, then none set.

    RFC 7871 §6 has servers refuse what differs from that.
    """
    family, source, scope = value.number(2), value.number(1), value.number(1)
    octets = value.rest()
    size, address = _FAMILIES.get(family, (0, hex_rest))
    if not size or max(source, scope) > size * 8 or len(octets) != (source + 7) // 8:
        raise WireError(Anomaly.OPT_MALFORMED)
    full = octets.ljust(size, b"\0")
    if int.from_bytes(full) & ((1 << size * 8 - source) - 1):
        raise WireError(Anomaly.OPT_MALFORMED)
    text = address(Cursor(full, 0, size, value.names))
    return f"{text}/{source} scope/{scope}"


def _expire(value: Cursor) -> str:
    """Seconds until the zone expires, nothing in a query (RFC 7314 §2)."""
    return u32(value) if value.offset < value.end else ""


def _cookie(value: Cursor) -> str:
    """A client cookie of 8 octets and perhaps a server's of 8 to 32 (RFC 7873 §4)."""
    octets = value.rest()
    if len(octets) != 8 and not 16 <= len(octets) <= 40:
        raise WireError(Anomaly.OPT_MALFORMED)
    return octets.hex()


def _keepalive(value: Cursor) -> str:
    """An idle timeout in tenths of a second, nothing in a query (RFC 7828 §3.1)."""
    if value.offset == value.end:
        return ""
    seconds, tenths = divmod(value.number(2), 10)
    return f"{seconds}.{tenths}s"


def _padding(value: Cursor) -> str:
    """How much padding; in full where it is more than zeros (RFC 7830 §3)."""
    octets = value.rest()
    return octets.hex() if octets.strip(b"\0") else f"{len(octets)} octets"


def _tags(value: Cursor) -> str:
    """Key tags, two octets each (RFC 8145 §4.1)."""
    texts = []
    while value.offset < value.end:
        texts.append(u16(value))
    return " ".join(texts)


def _extended_error(value: Cursor) -> str:
    """An extended error: `18 (Prohibited): extra text` (RFC 8914 §2)."""
    number = value.number(2)
    known = iana.extended_error_name(number)
    try:
        extra = value.rest().removesuffix(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        raise WireError(Anomaly.OPT_MALFORMED) from None
    # A control character must not add lines to whatever shows the text.
    safe = "".join([_shown(character) for character in extra])
    return f"{number}{f' ({known})' if known else ''}{f': {safe}' if safe else ''}"


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return character if character.isprintable() else character.encode("unicode_escape").decode()


_VALUES: Final[Mapping[int, Field]] = {
    3: _identifier,
    5: _algorithms,  # DAU
    6: _algorithms,  # DHU
    7: _algorithms,  # N3U
    8: _client_subnet,
    9: _expire,
    10: _cookie,
    11: _keepalive,
    12: _padding,
    13: name,  # CHAIN: the closest trust point, RFC 7901 §4
    14: _tags,
    15: _extended_error,
    18: name,  # REPORTCHANNEL: the agent's domain, RFC 9567
}
