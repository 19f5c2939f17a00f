"""Decode one message of DNS, or of a cousin, from its octets (RFC 1035 §4, RFC 6891).

The header's layout is dpkt's. Its names and records are not used: dpkt joins labels with dots, so
the one label `api\\.telegram\\.org` and the name `api.telegram.org` become one; it raises on damage
as a whole; and it knows neither EDNS options nor SVCB.

Damage loses as little as it can. Rdata that does not parse is kept as octets. A record whose owner
cannot be read is lost by itself, for its length says where the next starts. Only where a record's
end is unknown the rest of the message is lost. Each kind of damage is noted once, in the order it
was met. Nothing any octets hold is raised.
"""

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, TypeVar

import dpkt
import msgspec

from sensor.anomalies import Anomaly
from sensor.dns import edns, iana, rdata
from sensor.dns.dialect import DNS, Dialect
from sensor.dns.fields import Cursor, present
from sensor.dns.message import Decoded, Edns, Question, Record
from sensor.dns.names import ID_OCTETS, ROOT, Names, WireError, skip

HEADER_OCTETS: Final = 12  # RFC 1035 §4.1.1

_QUESTION: Final = struct.Struct("!HH")  # type, class: RFC 1035 §4.1.2
_RECORD: Final = struct.Struct("!HHIH")  # type, class, TTL, length of the rdata: §4.1.3

_QUERY: Final = 0

# The same names are asked and answered over and over, and a message says the same but for its id.
# So many, as long as UDP always carried (RFC 1035 §4.2.1), are 6 MB even when all is records.
SHORT: Final = 512
REMEMBERED: Final = 256

Item = TypeVar("Item")


class Header(dpkt.Packet):  # type: ignore[misc]  # dpkt has no types
    """The header alone: id, flags, and how many questions and records follow."""

    __hdr__ = dpkt.dns.DNS.__hdr__


def decode(payload: bytes, dialect: Dialect = DNS) -> Decoded | None:
    """Decode a message; None where there are fewer octets than a header has.

    Args:
        payload: All octets of the message, without the length TCP puts before it.
        dialect: The protocol whose meaning they have.

    Returns:
        What the octets say, as far as they can be read, with the anomalies met. Never raises.
    """
    if len(payload) < HEADER_OCTETS:
        return None
    if dialect is DNS and len(payload) <= SHORT:
        decoded = _but_for_its_id(payload[ID_OCTETS:])
        if decoded is not None:
            return msgspec.structs.replace(decoded, id=int.from_bytes(payload[:ID_OCTETS]))
    return _Reading(payload, dialect).message()


@lru_cache(maxsize=REMEMBERED)
def _but_for_its_id(rest: bytes) -> Decoded | None:
    """Decode a DNS message whose id is left out, and counts as 0; None where a name holds it."""
    reading = _Reading(bytes(ID_OCTETS) + rest, DNS)
    decoded = reading.message()
    return None if reading.names.are_of_id else decoded


class _Reading:
    """One message while it is read: how far, and what was wrong."""

    __slots__ = ("anomalies", "dialect", "edns", "lost", "names", "offset", "upper_rcode", "wire")

    def __init__(self, wire: bytes, dialect: Dialect) -> None:
        self.wire = wire
        self.dialect = dialect
        self.offset = HEADER_OCTETS
        self.names = Names(wire)
        self.anomalies: dict[Anomaly, None] = {}  # a set that keeps order
        self.lost = False
        self.edns: Edns | None = None
        self.upper_rcode = 0

    def message(self) -> Decoded:
        header = Header(self.wire[:HEADER_OCTETS])
        flags, dialect = header.op, self.dialect
        qr, opcode = bool(flags & dpkt.dns.DNS_QR), flags >> 11 & 0xF
        if header.qd != 1 and dialect.asks_one[qr]:
            self.note(Anomaly.QUESTIONS_NOT_ONE)
        questions = tuple(self.each(header.qd, self.question))
        answers = tuple(self.each(header.an, self.record))
        authorities = tuple(self.each(header.ns, self.record))
        additionals = tuple(self.each(header.ar, self.additional))
        if not self.lost and self.offset < len(self.wire):
            self.note(Anomaly.TRAILING_OCTETS)
        rcode = self.upper_rcode << 4 | flags & 0xF
        if not qr and rcode:
            self.note(Anomaly.RESPONSE_CODE_IN_QUERY)
        if not qr and opcode == _QUERY and header.an and dialect.asks_alone:
            self.note(Anomaly.QUERY_WITH_ANSWERS)
        return Decoded(
            id=header.id,
            qr=qr,
            opcode=dialect.opcode_name(opcode),
            rcode=dialect.rcode_name(rcode),
            flags=tuple([name for bit, name in dialect.flags if flags & bit]),
            questions=questions,
            answers=answers,
            authorities=authorities,
            additionals=additionals,
            edns=self.edns,
            anomalies=tuple(self.anomalies),
        )

    def note(self, anomaly: Anomaly) -> None:
        self.anomalies[anomaly] = None

    def each(self, count: int, read: Callable[[], Item | None]) -> Iterator[Item]:
        """Read so many items, without those that lost themselves, until the rest is lost."""
        for _ in range(count):
            if self.lost:
                return
            if self.offset >= len(self.wire):
                self.lose(Anomaly.MESSAGE_TRUNCATED)
                return
            try:
                item = read()
            except WireError as damage:
                self.lose(damage.anomaly)
                return
            if item is not None:
                yield item

    def lose(self, anomaly: Anomaly) -> None:
        """Give the rest of the message up: where the next item starts is unknown."""
        self.note(anomaly)
        self.lost = True

    def name(self) -> str | None:
        """Read a name, case as sent, and move past it; None where only its end can be found."""
        try:
            text, self.offset = self.names.read(self.offset)
        except WireError as damage:
            self.note(damage.anomaly)
            self.offset = skip(self.wire, self.offset)
            return None
        return self.dialect.name(text) if self.dialect.name else text

    def question(self) -> Question | None:
        sent = self.name()
        if self.offset + _QUESTION.size > len(self.wire):
            raise WireError(Anomaly.MESSAGE_TRUNCATED)
        qtype, qclass = _QUESTION.unpack_from(self.wire, self.offset)
        self.offset += _QUESTION.size
        if sent is None:
            return None
        qname = sent.lower()
        bit = self.dialect.class_bit
        return Question(
            qname,
            self.dialect.type_name(qtype),
            iana.class_name(qclass & ~bit),
            sent if sent != qname else None,
            bool(qclass & bit),
        )

    def fixed(self) -> tuple[str | None, int, int, int, int]:
        """Read a record up to its rdata and move past it: owner, type, class, TTL, rdata's start.

        The rdata ends at the offset moved to.
        """
        owner = self.name()
        start = self.offset + _RECORD.size
        if start > len(self.wire):
            raise WireError(Anomaly.RECORD_TRUNCATED)
        rtype, rclass, ttl, length = _RECORD.unpack_from(self.wire, self.offset)
        if start + length > len(self.wire):
            raise WireError(Anomaly.RECORD_TRUNCATED)
        self.offset = start + length
        return owner, rtype, rclass, ttl, start

    def record(self) -> Record | None:
        owner, rtype, rclass, ttl, start = self.fixed()
        if rtype == edns.OPT:  # it belongs into the additional section: RFC 6891 §6.1.1
            self.note(Anomaly.OPT_MALFORMED)
        return self.ordinary(owner, rtype, rclass, ttl, start)

    def additional(self) -> Record | None:
        owner, rtype, rclass, ttl, start = self.fixed()
        if rtype != edns.OPT:
            return self.ordinary(owner, rtype, rclass, ttl, start)
        if self.edns is not None:
            self.note(Anomaly.OPT_DUPLICATE)
            return None
        cursor = Cursor(self.wire, start, self.offset, self.names)
        self.edns, self.upper_rcode, whole = edns.read(rclass, ttl, cursor)
        if not whole or owner != ROOT:  # RFC 6891 §6.1.2: its owner is the root
            self.note(Anomaly.OPT_MALFORMED)
        return None

    def ordinary(
        self, owner: str | None, rtype: int, rclass: int, ttl: int, start: int
    ) -> Record | None:
        if owner is None:
            return None
        bit = self.dialect.class_bit
        text, target = self.data(rtype, rclass & ~bit, start)
        return Record(
            owner.lower(),
            self.dialect.type_name(rtype),
            iana.class_name(rclass & ~bit),
            ttl,
            text,
            target,
            bool(rclass & bit),
        )

    def data(self, rtype: int, rclass: int, start: int) -> tuple[str, str | None]:
        """Read rdata: its text, and the name a resolver would follow."""
        fields = self.dialect.fields.get(rtype)
        try:
            if fields is None:
                kind = (rtype, rclass)
                return rdata.read(self.wire, start, self.offset, kind, self.names)
            return present(fields, Cursor(self.wire, start, self.offset, self.names)), None
        except WireError as damage:
            self.note(damage.anomaly)
            self.note(Anomaly.RDATA_MALFORMED)
            return rdata.opaque(self.wire[start : self.offset]), None
