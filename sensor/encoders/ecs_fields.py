"""The fields of an alert: ECS 8.17, and our own namespace `dnssensor`.

The JSON Schema is generated from these structs. They are closed: a field that is not here does
not exist. Fields are added with their feature, and never renamed. Source of names and types:
https://www.elastic.co/docs/reference/ecs (8.17).
"""

from typing import Annotated

import msgspec
from msgspec import Meta, field

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
Score = Annotated[int, Meta(ge=0, le=100)]
Confidence = Annotated[float, Meta(ge=0.0, le=1.0)]


class Closed(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """What all share: None stands for a field that is left out."""


class EcsVersion(Closed, frozen=True, kw_only=True):
    version: str


class Event(Closed, frozen=True, kw_only=True):
    kind: str
    category: tuple[str, ...]
    type: tuple[str, ...]
    action: str
    code: str
    id: str
    module: str
    dataset: str
    provider: str
    severity: Score
    risk_score: Score
    outcome: str
    start: Time
    end: Time
    created: Time


class RuleFields(Closed, frozen=True, kw_only=True):
    id: str
    version: str
    name: str
    category: str | None = None
    reference: str | None = None


class Ids(Closed, frozen=True, kw_only=True):
    id: tuple[str, ...]
    name: tuple[str, ...]


class Technique(Closed, frozen=True, kw_only=True):
    id: tuple[str, ...]
    name: tuple[str, ...]
    subtechnique: Ids | None = None


class Threat(Closed, frozen=True, kw_only=True):
    framework: str
    tactic: Ids
    technique: Technique


class InterfaceName(Closed, frozen=True, kw_only=True):
    name: str


class Vlan(Closed, frozen=True, kw_only=True):
    id: str


class Ingress(Closed, frozen=True, kw_only=True):
    interface: InterfaceName | None = None
    vlan: Vlan | None = None


class Observer(Closed, frozen=True, kw_only=True):
    type: str
    vendor: str
    product: str
    version: str
    name: str
    ingress: Ingress | None = None


class Network(Closed, frozen=True, kw_only=True):
    transport: str
    protocol: str
    type: str
    community_id: str | None = None
    vlan: Vlan | None = None


class Peer(Closed, frozen=True, kw_only=True):
    ip: str
    port: int | None = None


class DnsQuestion(Closed, frozen=True, kw_only=True):
    name: str
    type: str | None = None
    class_: str | None = field(default=None, name="class")


class DnsAnswer(Closed, frozen=True, kw_only=True):
    name: str
    type: str
    class_: str = field(name="class")
    ttl: int
    data: str


class Dns(Closed, frozen=True, kw_only=True):
    question: DnsQuestion
    type: str | None = None
    id: str | None = None
    op_code: str | None = None
    response_code: str | None = None
    header_flags: tuple[str, ...] | None = None
    answers: tuple[DnsAnswer, ...] | None = None
    resolved_ip: tuple[str, ...] | None = None


class Os(Closed, frozen=True, kw_only=True):
    type: str


class Host(Closed, frozen=True, kw_only=True):
    name: str
    hostname: str
    ip: tuple[str, ...] | None = None
    os: Os | None = None


class User(Closed, frozen=True, kw_only=True):
    name: str
    domain: str | None = None


class Hash(Closed, frozen=True, kw_only=True):
    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None


class Pe(Closed, frozen=True, kw_only=True):
    original_file_name: str | None = None
    company: str | None = None
    product: str | None = None
    description: str | None = None
    file_version: str | None = None
    imphash: str | None = None


class Parent(Closed, frozen=True, kw_only=True):
    entity_id: str | None = None
    pid: int | None = None
    name: str | None = None
    executable: str | None = None
    command_line: str | None = None


class ProcessFields(Closed, frozen=True, kw_only=True):
    entity_id: str | None = None
    pid: int | None = None
    name: str | None = None
    executable: str | None = None
    command_line: str | None = None
    start: Time | None = None
    hash: Hash | None = None
    pe: Pe | None = None
    parent: Parent | None = None


class Related(Closed, frozen=True, kw_only=True):
    ip: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    user: tuple[str, ...] | None = None
    hash: tuple[str, ...] | None = None


class AlertState(Closed, frozen=True, kw_only=True):
    state: str
    revision: int
    count: int


class MatchFields(Closed, frozen=True, kw_only=True):
    indicator: str
    role: str
    wire_name: str
    case_randomised: bool | None = None


class CandidateProcess(Closed, frozen=True, kw_only=True):
    name: str | None = None
    pid: int | None = None
    entity_id: str | None = None
    executable: str | None = None


class CandidateHost(Closed, frozen=True, kw_only=True):
    name: str


class CandidateFields(Closed, frozen=True, kw_only=True):
    host: CandidateHost
    confidence: Confidence
    process: CandidateProcess | None = None


class HostIdentity(Closed, frozen=True, kw_only=True):
    """By what evidence the address is the host's; `observed` and `age_s` of the nearest."""

    method: str
    conflicts: int
    observed: Time | None = None
    age_s: int | None = None


class EvidenceItem(Closed, frozen=True, kw_only=True):
    """One event 22; `query_status` is a Win32 error code."""

    event_code: int
    time: Time
    record_id: int | None = None
    image: str | None = None
    query_status: int | None = None
    query_results: str | None = None


class AttributionFields(Closed, frozen=True, kw_only=True):
    """`against` lists what speaks against the process named: `answers`, `host_identity`."""

    status: str
    confidence: Confidence
    basis: tuple[str, ...]
    candidates: tuple[CandidateFields, ...]
    against: tuple[str, ...] | None = None
    window_ms: tuple[int, int] | None = None
    host_identity: HostIdentity | None = None
    evidence: tuple[EvidenceItem, ...] | None = None


class Reason(Closed, frozen=True, kw_only=True):
    code: str
    points: Score


class LookupFields(Closed, frozen=True, kw_only=True):
    """The lookup that the alert shows; `outcome` as in `dns-sensor replay --emit lookups`."""

    first: Time
    last: Time
    qtypes: tuple[str, ...]
    outcome: str
    rtt_ms: float | None = None


class FollowOnFields(Closed, frozen=True, kw_only=True):
    """The process connected to an address it was given; negative where its event came first."""

    connected: bool
    delay_ms: int
    destination: str


class CaptureFields(Closed, frozen=True, kw_only=True):
    query_seen: bool
    response_seen: bool


class DnsSensor(Closed, frozen=True, kw_only=True):
    schema_version: str
    alert: AlertState
    match: MatchFields
    attribution: AttributionFields
    reasons: tuple[Reason, ...]
    anomalies: tuple[str, ...]
    lookup: LookupFields | None = None
    follow_on: FollowOnFields | None = None
    capture: CaptureFields | None = None
    path: tuple[str, ...] | None = None


class EcsAlert(Closed, frozen=True, kw_only=True):
    """One alert, one JSON object."""

    timestamp: Time = field(name="@timestamp")
    ecs: EcsVersion
    message: str
    tags: tuple[str, ...]
    event: Event
    rule: RuleFields
    threat: Threat
    observer: Observer
    dns: Dns
    dnssensor: DnsSensor
    network: Network | None = None
    source: Peer | None = None
    destination: Peer | None = None
    client: Peer | None = None
    server: Peer | None = None
    host: Host | None = None
    user: User | None = None
    process: ProcessFields | None = None
    related: Related | None = None
