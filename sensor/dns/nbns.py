"""The NetBIOS name service (RFC 1002 §4.2): DNS' layout with names, opcodes and rdata of its own.

A NetBIOS name is 15 octets, padded with blanks, and a suffix that says what kind of service bears
it. On the wire each half octet is a letter from `A` up, so the first label is always 32 of them;
the labels behind are the scope (RFC 1001 §14.1). It is told as `fin-ws-0231<20>.scope.example`,
the octets escaped as in every name.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.dns.decode import HEADER_OCTETS
from sensor.dns.dialect import Dialect
from sensor.dns.fields import Cursor, Field, ipv4
from sensor.dns.names import escape
from sensor.dns.rdata import opaque

PORT: Final = 137

_LETTERS: Final = b"ABCDEFGHIJKLMNOP"
_NAME_OCTETS: Final = 16
_LABEL_OCTETS: Final = 2 * _NAME_OCTETS
_ENCODED: Final = re.compile(rf"([A-P]{{{_LABEL_OCTETS}}})(?=\.|\Z)")
_HALVES: Final = str.maketrans(_LETTERS.decode("ascii"), "0123456789abcdef")

# "Any name" in a node status request is padded with zeros, not blanks.
_ANY: Final = b"*" + bytes(14)

_FLAGS: Final = (  # RFC 1002 §4.2.1.1
    (0x0400, "AA"),
    (0x0200, "TC"),
    (0x0100, "RD"),
    (0x0080, "RA"),
    (0x0010, "B"),
)

# RFC 1002 §4.2.1.1, which has 8 for REFRESH, and §4.2.4, which has 9; both are in use.
OPCODES: Final[Mapping[int, str]] = MappingProxyType(
    {0: "QUERY", 5: "REGISTRATION", 6: "RELEASE", 7: "WACK", 8: "REFRESH", 9: "REFRESH"}
)

# RFC 1002 §4.2.6, §4.2.11 and §4.2.14; what DNS has too bears DNS' name.
RCODES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "NOERROR",
        1: "FORMERR",
        2: "SERVFAIL",
        3: "NXDOMAIN",
        4: "NOTIMP",
        5: "REFUSED",
        6: "ACT_ERR",
        7: "CFT_ERR",
    }
)

NB: Final = 32
NBSTAT: Final = 33
_GROUP: Final = 0x8000  # RFC 1002 §4.2.1.3
_WAIT_OCTETS: Final = 2  # in a WACK it is the request's flags: RFC 1002 §4.2.16
_OWNERS: Final = ("B", "P", "M", "H")  # H has the number that RFC 1002 §4.2.1.3 keeps free


def is_encoded(payload: bytes) -> bool:
    """Say whether the first name, of a question or a record, begins as NetBIOS names do."""
    start = HEADER_OCTETS + 1
    label = payload[start : start + _LABEL_OCTETS]
    if len(label) < _LABEL_OCTETS or payload[HEADER_OCTETS] != _LABEL_OCTETS:
        return False
    return not label.translate(None, _LETTERS)


def name(sent: str) -> str:
    """Tell a name as it is meant, case as it has it; another kind of name as it is."""
    encoded = _ENCODED.match(sent)
    if encoded is None:
        return sent
    return _text(bytes.fromhex(encoded[1].translate(_HALVES))) + sent[_LABEL_OCTETS:]


def _text(octets: bytes) -> str:
    """Write the 16 octets of a NetBIOS name."""
    padded, suffix = octets[:-1], octets[-1]
    plain = "*" if padded == _ANY else escape(padded.rstrip(b" "))
    return f"{plain}<{suffix:02x}>"


def owners(cursor: Cursor) -> str:
    """Who has the name: `unique B-node 192.0.2.1`, one after the other (RFC 1002 §4.2.13)."""
    if cursor.end - cursor.offset == _WAIT_OCTETS:
        return opaque(cursor.rest())
    texts = []
    while cursor.offset < cursor.end:
        flags = cursor.number(2)
        kind = "group" if flags & _GROUP else "unique"
        texts.append(f"{kind} {_OWNERS[flags >> 13 & 3]}-node {ipv4(cursor)}")
    return " ".join(texts)


def node_names(cursor: Cursor) -> str:
    """The names a node has; its statistics are left out (RFC 1002 §4.2.18)."""
    texts = []
    for _ in range(cursor.number(1)):
        texts.append(_text(cursor.take(_NAME_OCTETS)).lower())
        cursor.take(2)  # flags
    cursor.rest()
    return " ".join(texts)


FIELDS: Final[Mapping[int, tuple[Field, ...]]] = MappingProxyType(
    {NB: (owners,), NBSTAT: (node_names,)}
)

NBNS: Final = Dialect(
    "nbns",
    flags=_FLAGS,
    opcodes=OPCODES,
    rcodes=RCODES,
    types=MappingProxyType({NB: "NB", NBSTAT: "NBSTAT"}),
    fields=FIELDS,
    asks_one=(True, False),  # a response repeats no question: RFC 1002 §4.2.13
    name=name,
)
