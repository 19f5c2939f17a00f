"""The values of one DNS message (RFC 1035 §4, RFC 9499).

Names are text in presentation form without trailing dot, the root is `.`, ASCII letters lower
case. Octets that are no part of a plain name are escaped as RFC 1035 §5.1 and RFC 4343 §2.1 say
(`\\.` inside a label, `\\000`), so two names are equal exactly when their labels are, octet by
octet and without case. Types, classes, opcodes and rcodes are IANA mnemonics, else `TYPE65400`,
`CLASS9`, `OPCODE7`, `RCODE12`.
"""

import msgspec

from sensor.anomalies import Anomaly
from sensor.stage import Nanoseconds


class Question(msgspec.Struct, frozen=True):
    """One question; `wire_name` is the name as sent, None where only lower case was sent.

    `unicast_response` is mDNS': the answer may come to the asker alone (RFC 6762 §5.4).
    """

    qname: str
    qtype: str
    qclass: str
    wire_name: str | None = None
    unicast_response: bool = False


class Record(msgspec.Struct, frozen=True):
    """One resource record.

    `rdata` is in presentation form, RFC 3597 (`\\# 4 0a000001`) where the type is unknown or the
    rdata does not parse. `target` is the name a resolver would follow (CNAME, DNAME, SVCB, HTTPS
    with a target other than `.`), else None. `cache_flush` is mDNS': the record stands for all of
    its name and type (RFC 6762 §10.2).
    """

    name: str
    type: str
    rclass: str
    ttl: int
    rdata: str
    target: str | None = None
    cache_flush: bool = False


class Option(msgspec.Struct, frozen=True):
    """One EDNS option: IANA code and mnemonic, and its value in readable text."""

    code: int
    name: str
    value: str


class Edns(msgspec.Struct, frozen=True):
    """The OPT pseudo-record (RFC 6891 §6.1)."""

    udp_size: int
    version: int
    do: bool
    options: tuple[Option, ...] = ()


class Decoded(msgspec.Struct, frozen=True):
    """What the octets of one message say, whoever sent them.

    `rcode` joins the header's four bits with EDNS' eight (RFC 6891 §6.1.3). `flags` holds those
    of AA TC RD RA AD CD that are set, in this order; of LLMNR C TC T, of NBNS AA TC RD RA B.
    """

    id: int
    qr: bool
    opcode: str
    rcode: str
    flags: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    authorities: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()
    edns: Edns | None = None
    anomalies: tuple[Anomaly, ...] = ()


class Message(msgspec.Struct, frozen=True, tag=True):
    """One message seen on the wire: what it says, and the packet that carried it.

    `protocol` is `dns`, or one of its cousins: `mdns`, `llmnr`, `nbns`. `digest` is a digest of
    the octets, over TCP with their place in the stream, by which mirrored doubles are told.
    """

    at: Nanoseconds
    src: str
    sport: int
    dst: str
    dport: int
    transport: str
    path: tuple[str, ...]
    dns: Decoded
    anomalies: tuple[Anomaly, ...] = ()
    identification: int | None = None
    digest: bytes = b""
    vlans: tuple[int, ...] = ()
    interface: str = ""
    protocol: str = "dns"
