"""In what DNS and its cousins differ: they share the layout of RFC 1035 §4, not its meaning."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import dpkt

from sensor.dns import iana
from sensor.dns.fields import Field

# RFC 1035 §4.1.1; AD and CD: RFC 4035 §3.1.6 and §3.2.2.
FLAGS: Final = (
    (dpkt.dns.DNS_AA, "AA"),
    (dpkt.dns.DNS_TC, "TC"),
    (dpkt.dns.DNS_RD, "RD"),
    (dpkt.dns.DNS_RA, "RA"),
    (dpkt.dns.DNS_AD, "AD"),
    (dpkt.dns.DNS_CD, "CD"),
)

_SAME_TYPES: Final[Mapping[int, str]] = MappingProxyType({})
_SAME_FIELDS: Final[Mapping[int, tuple[Field, ...]]] = MappingProxyType({})


class Dialect(NamedTuple):
    """How one protocol reads a message.

    `flags` are the header's bits with their names, in the order they are told. `types` and
    `fields` hold the record types, and their rdata, that differ from DNS. `class_bit` is a bit of
    each class that is a flag of its own. `asks_one` says whether a query, and whether a response,
    holds exactly one question, `asks_alone` whether a query holds no answers. `name` tells a name
    as it is meant, where it is sent as another.
    """

    protocol: str
    flags: tuple[tuple[int, str], ...] = FLAGS
    opcodes: Mapping[int, str] = iana.OPCODES
    rcodes: Mapping[int, str] = iana.RCODES
    types: Mapping[int, str] = _SAME_TYPES
    fields: Mapping[int, tuple[Field, ...]] = _SAME_FIELDS
    class_bit: int = 0
    asks_one: tuple[bool, bool] = (True, True)
    asks_alone: bool = True
    name: Callable[[str], str] | None = None

    def opcode_name(self, number: int) -> str:
        """Name an opcode: `QUERY`, `OPCODE7`."""
        return self.opcodes.get(number) or f"OPCODE{number}"

    def rcode_name(self, number: int) -> str:
        """Name a response code: `NXDOMAIN`, `RCODE12`."""
        return self.rcodes.get(number) or f"RCODE{number}"

    def type_name(self, number: int) -> str:
        """Name a record type: `AAAA`, `TYPE65400`."""
        return self.types.get(number) or iana.type_name(number)


DNS: Final = Dialect("dns")
