"""Rdata as presentation text: each record type is a tuple of fields, read in turn.

A type that is not in the table, and an address outside class IN, is written as RFC 3597 §5 says:
`\\# 4 0a000001`. So is rdata that does not parse, which the caller notes as an anomaly.
"""

from collections.abc import Mapping
from typing import Final

from sensor.dns import svcb
from sensor.dns.fields import (
    Cursor,
    Field,
    base64_rest,
    eui48,
    eui64,
    groups,
    hashed_owner,
    hex_rest,
    ipv4,
    ipv6,
    location,
    name,
    present,
    quoted_rest,
    record_type,
    record_types,
    salt,
    sized_base64,
    sized_other,
    string,
    strings,
    tag,
    target,
    time,
    tsig_error,
    u8,
    u16,
    u32,
    u48,
)
from sensor.dns.names import Names

_IN: Final = 1
_NO_DATA_CLASSES: Final = frozenset({254, 255})  # NONE and ANY in DNS UPDATE (RFC 2136 §2.4, §2.5)
_ADDRESSES: Final = frozenset({1, 28})

_DIGEST: Final[tuple[Field, ...]] = (u16, u8, u8, hex_rest)
_KEY: Final[tuple[Field, ...]] = (u16, u8, u8, base64_rest)
_SIGNATURE: Final[tuple[Field, ...]] = (
    *(record_type, u8, u8, u32, time, time, u16),
    *(name, base64_rest),
)
_BINDING: Final[tuple[Field, ...]] = (u16, svcb.service_target, svcb.parameters)

FIELDS: Final[Mapping[int, tuple[Field, ...]]] = {
    1: (ipv4,),  # A, RFC 1035 §3.4.1
    2: (name,),  # NS, RFC 1035 §3.3.11
    5: (target,),  # CNAME, RFC 1035 §3.3.1
    6: (name, name, u32, u32, u32, u32, u32),  # SOA, RFC 1035 §3.3.13
    12: (name,),  # PTR, RFC 1035 §3.3.12
    13: (string, string),  # HINFO, RFC 1035 §3.3.2
    15: (u16, name),  # MX, RFC 1035 §3.3.9
    16: (strings,),  # TXT, RFC 1035 §3.3.14
    17: (name, name),  # RP, RFC 1183 §2.2
    18: (u16, name),  # AFSDB, RFC 1183 §1
    19: (string,),  # X25, RFC 1183 §3.1
    21: (u16, name),  # RT, RFC 1183 §3.3
    23: (name,),  # NSAP-PTR, RFC 1348
    24: _SIGNATURE,  # SIG, RFC 2931
    25: _KEY,  # KEY, RFC 2535 §3
    26: (u16, name, name),  # PX, RFC 2163 §4
    28: (ipv6,),  # AAAA, RFC 3596 §2
    29: (location,),  # LOC, RFC 1876 §2
    33: (u16, u16, u16, name),  # SRV, RFC 2782
    35: (u16, u16, string, string, string, name),  # NAPTR, RFC 3403 §4.1
    36: (u16, name),  # KX, RFC 2230 §3.1
    37: (u16, u16, u8, base64_rest),  # CERT, RFC 4398 §2; numbers, not mnemonics (§2.2)
    39: (target,),  # DNAME, RFC 6672 §2.1
    43: _DIGEST,  # DS, RFC 4034 §5.1
    44: (u8, u8, hex_rest),  # SSHFP, RFC 4255 §3.1
    46: _SIGNATURE,  # RRSIG, RFC 4034 §3.1
    47: (name, record_types),  # NSEC, RFC 4034 §4.1
    48: _KEY,  # DNSKEY, RFC 4034 §2.1
    49: (base64_rest,),  # DHCID, RFC 4701 §3.1
    50: (u8, u8, u16, salt, hashed_owner, record_types),  # NSEC3, RFC 5155 §3.2
    51: (u8, u8, u16, salt),  # NSEC3PARAM, RFC 5155 §4.2
    52: (u8, u8, u8, hex_rest),  # TLSA, RFC 6698 §2.1
    53: (u8, u8, u8, hex_rest),  # SMIMEA, RFC 8162 §2
    56: (strings,),  # NINFO
    59: _DIGEST,  # CDS, RFC 7344 §3.1
    60: _KEY,  # CDNSKEY, RFC 7344 §3.2
    61: (base64_rest,),  # OPENPGPKEY, RFC 7929 §2.1
    62: (u32, u16, record_types),  # CSYNC, RFC 7477 §2.1
    63: (u32, u8, u8, hex_rest),  # ZONEMD, RFC 8976 §2.2
    64: _BINDING,  # SVCB, RFC 9460 §2.2
    65: _BINDING,  # HTTPS, RFC 9460 §9
    99: (strings,),  # SPF, RFC 4408 §3.1.1
    104: (u16, groups),  # NID, RFC 6742 §2.1
    105: (u16, ipv4),  # L32, RFC 6742 §2.2
    106: (u16, groups),  # L64, RFC 6742 §2.3
    107: (u16, name),  # LP, RFC 6742 §2.4
    108: (eui48,),  # EUI48, RFC 7043 §3
    109: (eui64,),  # EUI64, RFC 7043 §4
    # TSIG, RFC 8945 §4.2
    250: (name, u48, u16, sized_base64, u16, tsig_error, sized_other),
    256: (u16, u16, quoted_rest),  # URI, RFC 7553 §4
    257: (u8, tag, quoted_rest),  # CAA, RFC 8659 §4.1
    258: (strings,),  # AVC
    261: (strings,),  # RESINFO, RFC 9606
    262: (strings,),  # WALLET
    32769: _DIGEST,  # DLV, RFC 4431 §2
}


def read(
    wire: bytes, offset: int, end: int, kind: tuple[int, int], names: Names
) -> tuple[str, str | None]:
    """Read the rdata between two offsets.

    Args:
        wire: The whole message.
        offset: Where the rdata starts.
        end: Where it ends, `offset <= end <= len(wire)`.
        kind: The record's type and class.
        names: The message's names.

    Returns:
        The presentation text, and the name a resolver would follow (CNAME, DNAME, SVCB, HTTPS).

    Raises:
        WireError: It does not parse; the anomaly is `RDATA_MALFORMED` or that of a name in it.
    """
    rtype, rclass = kind
    fields = FIELDS.get(rtype)
    foreign = rtype in _ADDRESSES and rclass != _IN
    empty = offset == end and rclass in _NO_DATA_CLASSES
    if fields is None or foreign or empty:
        return opaque(wire[offset:end]), None
    cursor = Cursor(wire, offset, end, names)
    return present(fields, cursor), cursor.target


def opaque(octets: bytes) -> str:
    """Write rdata of which nothing is known (RFC 3597 §5)."""
    return f"\\# {len(octets)} {octets.hex()}".rstrip()
