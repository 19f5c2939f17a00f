"""The fields rdata is made of: each reads itself off a cursor and gives its presentation text.

What a field looks like as text is RFC 1035 §5.1 and the RFC of each record type. Where RFCs allow
several spellings it is dnspython's, but base64 and hex are one run without blanks, and names are
lower case without last dot as everywhere here.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

from dpkt.utils import inet_to_str

from sensor.anomalies import Anomaly
from sensor.dns import iana
from sensor.dns.names import Names, WireError

# In a quoted string only the quote and the backslash are escaped, and a blank is not.
_QUOTED: Final = tuple(
    f"\\{octet:03d}"
    if not 0x20 <= octet < 0x7F
    else f"\\{octet:c}"
    if octet in b'"\\'
    else chr(octet)
    for octet in range(256)
)
_EMPTY: Final = '""'
_UNQUOTED: Final = bytes(octet for octet in range(0x20, 0x7F) if octet not in b'"\\')


class Cursor:
    """A place in a message between two offsets; reading beyond the second is damage."""

    __slots__ = ("end", "names", "offset", "target", "wire")

    def __init__(self, wire: bytes, offset: int, end: int, names: Names) -> None:
        self.wire = wire
        self.offset = offset
        self.end = end
        self.names = names
        self.target: str | None = None
        """The name a resolver would follow, once a field that holds one was read."""

    def take(self, count: int) -> bytes:
        """Read so many octets; raises `WireError` where there are fewer."""
        start = self.offset
        after = start + count
        if after > self.end:
            raise WireError(Anomaly.RDATA_MALFORMED)
        self.offset = after
        return self.wire[start:after]

    def rest(self) -> bytes:
        """Read all that is left."""
        return self.take(self.end - self.offset)

    def number(self, octets: int) -> int:
        """Read an unsigned number of so many octets."""
        return int.from_bytes(self.take(octets))

    def counted(self, octets: int = 1) -> bytes:
        """Read octets whose number stands before them, as a number of so many octets."""
        return self.take(self.number(octets))


Field: TypeAlias = Callable[[Cursor], str]


def present(fields: tuple[Field, ...], cursor: Cursor) -> str:
    """Read the fields in turn, up to the cursor's end, as text with a blank between them.

    Raises:
        WireError: They do not fit, or octets are left over.
    """
    texts = [field(cursor) for field in fields]
    if cursor.offset != cursor.end:
        raise WireError(Anomaly.RDATA_MALFORMED)
    return " ".join([text for text in texts if text])


def u8(cursor: Cursor) -> str:
    """A number of one octet."""
    return str(cursor.number(1))


def u16(cursor: Cursor) -> str:
    """A number of two octets."""
    return str(cursor.number(2))


def u32(cursor: Cursor) -> str:
    """A number of four octets."""
    return str(cursor.number(4))


def u48(cursor: Cursor) -> str:
    """A number of six octets."""
    return str(cursor.number(6))


def name(cursor: Cursor) -> str:
    """A domain name, compressed or not.

    New types must not compress (RFC 3597 §4), but readers do best to understand it.
    """
    text, offset = cursor.names.read(cursor.offset)
    if offset > cursor.end:
        raise WireError(Anomaly.RDATA_MALFORMED)
    cursor.offset = offset
    return text.lower()


def target(cursor: Cursor) -> str:
    """A domain name that a resolver follows: CNAME, DNAME."""
    cursor.target = name(cursor)
    return cursor.target


def ipv4(cursor: Cursor) -> str:
    """An IPv4 address."""
    return str(inet_to_str(cursor.take(4)))


def ipv6(cursor: Cursor) -> str:
    """An IPv6 address (RFC 5952, IPv4-mapped ones with a dotted end)."""
    return str(inet_to_str(cursor.take(16)))


def quote(octets: bytes) -> str:
    """Write octets as a quoted string."""
    if not octets.translate(None, _UNQUOTED):
        return f'"{octets.decode("ascii")}"'
    return f'"{"".join([_QUOTED[octet] for octet in octets])}"'


def string(cursor: Cursor) -> str:
    """One character string (RFC 1035 §3.3)."""
    return quote(cursor.counted())


def strings(cursor: Cursor) -> str:
    """One character string or more, to the end."""
    texts = [string(cursor)]
    while cursor.offset < cursor.end:
        texts.append(string(cursor))
    return " ".join(texts)


def quoted_rest(cursor: Cursor) -> str:
    """Text without a length before it: the value of CAA and URI."""
    return quote(cursor.rest())


def tag(cursor: Cursor) -> str:
    """The property of a CAA record: letters and digits (RFC 8659 §4.1)."""
    octets = cursor.counted()
    if not octets.isalnum():
        raise WireError(Anomaly.RDATA_MALFORMED)
    return octets.decode("ascii")


def hex_rest(cursor: Cursor) -> str:
    """Octets to the end in hex: digests and fingerprints."""
    return cursor.rest().hex()


def base64_rest(cursor: Cursor) -> str:
    """Octets to the end in base64: keys, certificates, signatures."""
    return _base64(cursor.rest())


def salt(cursor: Cursor) -> str:
    """The salt of NSEC3, `-` where there is none (RFC 5155 §3.3)."""
    return cursor.counted().hex() or "-"


def hashed_owner(cursor: Cursor) -> str:
    """The next hashed owner of NSEC3: base32hex without padding (RFC 5155 §3.3)."""
    octets = cursor.counted()
    if not octets:
        raise WireError(Anomaly.RDATA_MALFORMED)
    return base64.b32hexencode(octets).decode("ascii").rstrip("=").lower()


def record_type(cursor: Cursor) -> str:
    """A record type's mnemonic."""
    return iana.type_name(cursor.number(2))


def record_types(cursor: Cursor) -> str:
    """The type bit maps of NSEC, NSEC3, CSYNC, to the end (RFC 4034 §4.1.2)."""
    texts: list[str] = []
    last = -1
    while cursor.offset < cursor.end:
        window = cursor.number(1)
        bits = cursor.counted()
        if window <= last or not 0 < len(bits) <= 32:
            raise WireError(Anomaly.RDATA_MALFORMED)
        last = window
        texts += [
            iana.type_name(window << 8 | octet << 3 | bit)
            for octet, value in enumerate(bits)
            for bit in range(8)
            if value & 0x80 >> bit
        ]
    return " ".join(texts)


def time(cursor: Cursor) -> str:
    """A time in seconds since 1970, as YYYYMMDDHHmmSS (RFC 4034 §3.2)."""
    return datetime.fromtimestamp(cursor.number(4), UTC).strftime("%Y%m%d%H%M%S")


def eui48(cursor: Cursor) -> str:
    """Six octets with hyphens (RFC 7043 §3.2)."""
    return cursor.take(6).hex("-")


def eui64(cursor: Cursor) -> str:
    """Eight octets with hyphens (RFC 7043 §4.2)."""
    return cursor.take(8).hex("-")


def groups(cursor: Cursor) -> str:
    """Eight octets in four groups of hex with colons (RFC 6742 §2.1.2)."""
    return cursor.take(8).hex(":", 2)


def sized_base64(cursor: Cursor) -> str:
    """The MAC of TSIG: its length and base64 (RFC 8945 §4.2)."""
    octets = cursor.counted(2)
    return f"{len(octets)} {_base64(octets) or _EMPTY}"


def sized_other(cursor: Cursor) -> str:
    """The other data of TSIG: its length, and base64 unless there is none."""
    octets = cursor.counted(2)
    return f"{len(octets)} {_base64(octets)}".rstrip()


def tsig_error(cursor: Cursor) -> str:
    """The error of TSIG, where 16 means another thing than in EDNS (RFC 8945 §3)."""
    number = cursor.number(2)
    return "BADSIG" if number == 16 else iana.rcode_name(number)


def location(cursor: Cursor) -> str:
    """The whole of LOC, version 0 (RFC 1876 §2 and §3)."""
    if cursor.number(1):
        raise WireError(Anomaly.RDATA_MALFORMED)
    size, horizontal, vertical = (_centimetres(cursor.number(1)) for _ in range(3))
    latitude = _angle(cursor.number(4), "NS", 90)
    longitude = _angle(cursor.number(4), "EW", 180)
    altitude = cursor.number(4) - 10_000_000  # from 100 km below the reference spheroid
    text = f"{latitude} {longitude} {_metres(altitude)}"
    if (size, horizontal, vertical) == (100, 1_000_000, 1_000):  # the defaults of §3
        return text
    return f"{text} {_metres(size)} {_metres(horizontal)} {_metres(vertical)}"


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _centimetres(octet: int) -> int:
    base, exponent = octet >> 4, octet & 0x0F
    if base > 9 or exponent > 9:
        raise WireError(Anomaly.RDATA_MALFORMED)
    return int(base * 10**exponent)


def _metres(centimetres: int) -> str:
    sign = "-" if centimetres < 0 else ""
    return f"{sign}{abs(centimetres) // 100}.{abs(centimetres) % 100:02d}m"


def _angle(number: int, hemispheres: str, most: int) -> str:
    """Thousandths of an arc second from 2^31 up, as degrees, minutes, seconds."""
    offset = number - (1 << 31)
    seconds, thousandths = divmod(abs(offset), 1000)
    if abs(offset) > most * 3_600_000:
        raise WireError(Anomaly.RDATA_MALFORMED)
    hemisphere = hemispheres[offset < 0]
    return f"{seconds // 3600} {seconds // 60 % 60} {seconds % 60}.{thousandths:03d} {hemisphere}"
