"""The other lines of `replay --emit`: messages, transactions, lookups, anomalies."""

import msgspec
from msgspec import field

from sensor.anomalies import Anomaly
from sensor.attribution.values import Status
from sensor.decap.unwrap import Leftover
from sensor.dns.message import Edns, Message, Record
from sensor.encoders.clock import nanos
from sensor.encoders.ecs import candidate_fields, process_fields
from sensor.encoders.ecs_fields import CandidateFields, ProcessFields
from sensor.lookups import Lookup
from sensor.packet import Packet
from sensor.pipeline import Sighted
from sensor.rules.verdict import Verdict
from sensor.transactions import Transaction


class Line(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """What all lines share: None stands for a field that is left out."""


class QuestionLine(Line, frozen=True, kw_only=True):
    qname: str
    qtype: str
    qclass: str
    wire_name: str | None = None
    unicast_response: bool = False


class RecordLine(Line, frozen=True, kw_only=True):
    name: str
    type: str
    class_: str = field(name="class")
    ttl: int
    rdata: str
    cache_flush: bool = False


class OptionLine(Line, frozen=True, kw_only=True):
    code: int
    name: str
    value: str


class EdnsLine(Line, frozen=True, kw_only=True):
    udp_size: int
    version: int
    do: bool
    options: tuple[OptionLine, ...]


class MessageLine(Line, frozen=True, kw_only=True):
    """One message; `ts` is RFC 3339 with nanoseconds, `qr` true for a response.

    `protocol` is left out for DNS itself; its cousins are `mdns`, `llmnr` and `nbns`.
    """

    ts: str
    src: str
    sport: int
    dst: str
    dport: int
    transport: str
    protocol: str = "dns"
    path: tuple[str, ...]
    id: int
    qr: bool
    opcode: str
    rcode: str
    flags: tuple[str, ...]
    questions: tuple[QuestionLine, ...]
    answers: tuple[RecordLine, ...]
    authorities: tuple[RecordLine, ...]
    additionals: tuple[RecordLine, ...]
    edns: EdnsLine | None = None
    anomalies: tuple[str, ...]


class Endpoint(Line, frozen=True, kw_only=True):
    ip: str
    port: int


class TransactionLine(Line, frozen=True, kw_only=True):
    """A query with its response, or either alone; `outcome` as in `sensor.transactions`."""

    first: str
    last: str
    client: Endpoint
    server: Endpoint
    transport: str
    id: int
    questions: tuple[QuestionLine, ...]
    outcome: str
    rcode: str | None = None
    answers: tuple[RecordLine, ...]
    queries: int
    responses: int
    rtt_ms: float | None = None


class MatchLine(Line, frozen=True, kw_only=True):
    role: str
    indicator: str


class AttributionLine(Line, frozen=True, kw_only=True):
    status: str
    confidence: float
    basis: tuple[str, ...]
    candidates: tuple[CandidateFields, ...]
    against: tuple[str, ...] | None = None


class HostLine(Line, frozen=True, kw_only=True):
    name: str


class LookupLine(Line, frozen=True, kw_only=True):
    """One lookup of a watched name; `rcode` is null where no response was seen.

    `endpoint_only` ones have no client and server.
    """

    first: str
    last: str
    client: Endpoint | None = None
    server: Endpoint | None = None
    qname: str
    wire_name: str
    qtypes: tuple[str, ...]
    rcode: str | None
    answers: tuple[RecordLine, ...]
    outcome: str
    match: MatchLine
    attribution: AttributionLine
    host: HostLine | None = None
    process: ProcessFields | None = None
    exempt: bool


class AnomalyLine(Line, frozen=True, kw_only=True):
    """An anomaly and where it was met; a frame without packet has a path only."""

    ts: str
    anomaly: str
    path: tuple[str, ...]
    src: str | None = None
    sport: int | None = None
    dst: str | None = None
    dport: int | None = None
    transport: str | None = None
    id: int | None = None
    qname: str | None = None


def message_line(message: Message) -> MessageLine:
    dns = message.dns
    return MessageLine(
        ts=nanos(message.at),
        src=message.src,
        sport=message.sport,
        dst=message.dst,
        dport=message.dport,
        transport=message.transport,
        protocol=message.protocol,
        path=message.path,
        id=dns.id,
        qr=dns.qr,
        opcode=dns.opcode,
        rcode=dns.rcode,
        flags=dns.flags,
        questions=_questions(message),
        answers=_records(dns.answers),
        authorities=_records(dns.authorities),
        additionals=_records(dns.additionals),
        edns=_edns(dns.edns),
        anomalies=_names((*message.anomalies, *dns.anomalies)),
    )


def transaction_line(transaction: Transaction) -> TransactionLine:
    told = transaction.query or transaction.response
    response = transaction.response
    rtt = None
    if transaction.query is not None and response is not None:
        rtt = round((response.at - transaction.query.at) / 1_000_000, 3)
    return TransactionLine(
        first=nanos(transaction.first),
        last=nanos(transaction.last),
        client=_endpoint(*transaction.client),
        server=_endpoint(*transaction.server),
        transport=transaction.transport,
        id=transaction.message_id,
        questions=_questions(told) if told is not None else (),
        outcome=transaction.outcome.value,
        rcode=response.dns.rcode if response is not None else None,
        answers=_records(response.dns.answers) if response is not None else (),
        queries=transaction.queries,
        responses=transaction.responses,
        rtt_ms=rtt,
    )


def lookup_line(verdict: Verdict) -> LookupLine | None:
    """Write a lookup as its last verdict has it.

    None for what is told otherwise: an event 22 that a lookup fits shows there.
    """
    lookup = verdict.lookup
    if verdict.event is not None:
        return _endpoint_only(verdict) if verdict.status is Status.ENDPOINT_ONLY else None
    return None if lookup is None else _of_wire(verdict, lookup)


def _of_wire(verdict: Verdict, lookup: Lookup) -> LookupLine:
    flow = lookup.flows[0]
    return LookupLine(
        first=nanos(lookup.first),
        last=nanos(lookup.last),
        client=_endpoint(flow.client_ip, flow.client_port),
        server=_endpoint(flow.server_ip, flow.server_port),
        qname=lookup.qname,
        wire_name=lookup.wire_name,
        qtypes=lookup.qtypes,
        rcode=lookup.rcode,
        answers=_records(lookup.answers),
        outcome=lookup.outcome,
        match=MatchLine(role=verdict.match.role, indicator=verdict.match.indicator),
        attribution=_attribution(verdict),
        host=_host(verdict),
        process=process_fields(verdict.process),
        exempt=verdict.is_exempt,
    )


def _endpoint_only(verdict: Verdict) -> LookupLine:
    event = verdict.event
    name = event.query_name if event is not None else verdict.match.indicator
    return LookupLine(
        first=nanos(verdict.time),
        last=nanos(verdict.time),
        qname=name,
        wire_name=name,
        qtypes=(),
        rcode=None,
        answers=(),
        outcome="endpoint_only",
        match=MatchLine(role=verdict.match.role, indicator=verdict.match.indicator),
        attribution=_attribution(verdict),
        host=_host(verdict),
        process=process_fields(verdict.process),
        exempt=verdict.is_exempt,
    )


def anomaly_line(sighted: Sighted) -> AnomalyLine:
    where = sighted.of
    if isinstance(where, Leftover):
        return AnomalyLine(ts=nanos(sighted.at), anomaly=sighted.anomaly.value, path=where.path)
    message = where if isinstance(where, Message) else None
    questions = message.dns.questions if message is not None else ()
    packet: Packet | Message = where
    return AnomalyLine(
        ts=nanos(sighted.at),
        anomaly=sighted.anomaly.value,
        path=packet.path,
        src=packet.src,
        sport=packet.sport,
        dst=packet.dst,
        dport=packet.dport,
        transport=packet.transport,
        id=message.dns.id if message is not None else None,
        qname=questions[0].qname if questions else None,
    )


def _questions(message: Message) -> tuple[QuestionLine, ...]:
    return tuple(
        QuestionLine(
            qname=q.qname,
            qtype=q.qtype,
            qclass=q.qclass,
            wire_name=q.wire_name,
            unicast_response=q.unicast_response,
        )
        for q in message.dns.questions
    )


def _records(records: tuple[Record, ...]) -> tuple[RecordLine, ...]:
    return tuple(
        RecordLine(
            name=r.name,
            type=r.type,
            class_=r.rclass,
            ttl=r.ttl,
            rdata=r.rdata,
            cache_flush=r.cache_flush,
        )
        for r in records
    )


def _edns(edns: Edns | None) -> EdnsLine | None:
    if edns is None:
        return None
    return EdnsLine(
        udp_size=edns.udp_size,
        version=edns.version,
        do=edns.do,
        options=tuple(OptionLine(code=o.code, name=o.name, value=o.value) for o in edns.options),
    )


def _attribution(verdict: Verdict) -> AttributionLine:
    return AttributionLine(
        status=verdict.status.value,
        confidence=verdict.confidence,
        basis=verdict.basis,
        candidates=tuple(candidate_fields(candidate) for candidate in verdict.candidates),
        against=verdict.against or None,
    )


def _host(verdict: Verdict) -> HostLine | None:
    return HostLine(name=verdict.computer) if verdict.computer is not None else None


def _endpoint(ip: str, port: int) -> Endpoint:
    return Endpoint(ip=ip, port=port)


def _names(anomalies: tuple[Anomaly, ...]) -> tuple[str, ...]:
    return tuple(anomaly.value for anomaly in anomalies)
