"""An alert as an ECS document (fields: `sensor.encoders.ecs_fields`)."""

import ipaddress
from collections.abc import Iterable
from typing import Final, TypeVar

import communityid

from sensor import __version__
from sensor.alerts import Alert
from sensor.attribution import fit
from sensor.encoders import ecs_fields as ecs
from sensor.encoders.clock import micros
from sensor.encoders.sentence import sentence
from sensor.endpoint.events import Asked
from sensor.endpoint.processes import Process, base_name
from sensor.lookups import Flow, Lookup
from sensor.rules import attack
from sensor.rules.risk import score
from sensor.rules.rule import Rule
from sensor.rules.verdict import Candidate, Verdict
from sensor.stage import MILLISECOND, SECOND

ECS_VERSION: Final = "8.17.0"
SCHEMA_VERSION: Final = "1.0"
HASHES: Final = ("md5", "sha1", "sha256")

S = TypeVar("S", bound=ecs.Closed)


class Encoder:
    """Turns alerts into ECS documents.

    `rules` by id, for their titles and references; `observer` is the sensor's name.
    """

    def __init__(self, rules: Iterable[Rule], observer: str) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._observer = observer

    def __call__(self, alert: Alert) -> ecs.EcsAlert:
        """Write one revision."""
        rule = self._rules[alert.rule]
        best = alert.best
        lookup = best.lookup
        flow = lookup.flows[0] if lookup is not None else None
        client = _peer(flow.client_ip, flow.client_port) if flow else None
        server = _peer(flow.server_ip, flow.server_port) if flow else None
        dns = _dns(lookup) if lookup is not None else _dns_of_event(best)
        return ecs.EcsAlert(
            timestamp=micros(alert.start),
            ecs=ecs.EcsVersion(version=ECS_VERSION),
            message=sentence(alert),
            tags=(rule.id,),
            event=_event(alert, rule),
            rule=ecs.RuleFields(
                id=rule.id,
                version=rule.version,
                name=rule.title,
                category="command-and-control",
                reference=rule.references[0] if rule.references else None,
            ),
            threat=_threat(rule),
            observer=_observer(self._observer, lookup),
            network=_network(flow, lookup),
            source=client,
            client=client,
            destination=server,
            server=server,
            dns=dns,
            host=_host(best),
            user=_user(best.process),
            process=process_fields(best.process),
            related=_related(best, dns),
            dnssensor=_own(alert),
        )


def _event(alert: Alert, rule: Rule) -> ecs.Event:
    risk = score(alert.reasons)
    return ecs.Event(
        kind="alert",
        category=("network", "intrusion_detection"),
        type=("info", "protocol"),
        action=f"{rule.id}-resolved",
        code=rule.id,
        id=alert.id,
        module="dnssensor",
        dataset="dnssensor.alert",
        provider="dnssensor",
        severity=risk,
        risk_score=risk,
        outcome=_outcome(alert.best),
        start=micros(alert.start),
        end=micros(alert.end),
        created=micros(alert.created),
    )


def _outcome(best: Verdict) -> str:
    """Say whether the lookup got what it wanted (ECS event.outcome)."""
    if best.lookup is not None and best.lookup.rcode is not None:
        return "success" if best.lookup.rcode == "NOERROR" else "failure"
    if best.event is not None and best.event.query_status is not None:
        return "success" if best.event.query_status == 0 else "failure"
    return "unknown"


def _threat(rule: Rule) -> ecs.Threat:
    """List techniques and, beside them, sub-techniques with their parents."""
    parents = [attack.parent(t) or t for t in rule.attack]
    techniques = tuple(dict.fromkeys(parents))
    below = tuple(t for t in rule.attack if attack.parent(t))
    return ecs.Threat(
        framework=attack.FRAMEWORK,
        tactic=ecs.Ids(id=(attack.TACTIC_ID,), name=(attack.TACTIC_NAME,)),
        technique=ecs.Technique(
            id=techniques,
            name=_names(techniques),
            subtechnique=ecs.Ids(id=below, name=_names(below)) if below else None,
        ),
    )


def _names(techniques: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(attack.TECHNIQUES.get(technique, technique) for technique in techniques)


def _observer(name: str, lookup: Lookup | None) -> ecs.Observer:
    ingress = None
    if lookup is not None and (lookup.interface or lookup.vlans):
        ingress = ecs.Ingress(
            interface=ecs.InterfaceName(name=lookup.interface) if lookup.interface else None,
            vlan=_vlan(lookup),
        )
    return ecs.Observer(
        type="sensor",
        vendor="dnssensor",
        product="dnssensor",
        version=__version__,
        name=name,
        ingress=ingress,
    )


def _vlan(lookup: Lookup) -> ecs.Vlan | None:
    return ecs.Vlan(id=str(lookup.vlans[-1])) if lookup.vlans else None


def _network(flow: Flow | None, lookup: Lookup | None) -> ecs.Network | None:
    if flow is None or lookup is None:
        return None
    return ecs.Network(
        transport=flow.transport,
        protocol="dns",
        type=f"ipv{ipaddress.ip_address(flow.client_ip).version}",
        community_id=community_id(flow),
        vlan=_vlan(lookup),
    )


def community_id(flow: Flow) -> str | None:
    """Hash the flow as other tools do (Community ID 1, seed 0)."""
    make = (
        communityid.FlowTuple.make_udp
        if flow.transport == "udp"
        else (communityid.FlowTuple.make_tcp)
    )
    flow_tuple = make(flow.client_ip, flow.server_ip, flow.client_port, flow.server_port)
    value: str | None = communityid.CommunityID().calc(flow_tuple)
    return value


def _peer(ip: str, port: int) -> ecs.Peer:
    return ecs.Peer(ip=ip, port=port)


def _dns(lookup: Lookup) -> ecs.Dns:
    return ecs.Dns(
        type="query" if lookup.rcode is None else "answer",
        id=str(lookup.message_id),
        op_code=lookup.opcode,
        response_code=lookup.rcode,
        header_flags=lookup.flags,
        question=ecs.DnsQuestion(name=lookup.qname, type=lookup.qtypes[0], class_=lookup.qclass),
        answers=tuple(
            ecs.DnsAnswer(name=r.name, type=r.type, class_=r.rclass, ttl=r.ttl, data=r.rdata)
            for r in lookup.answers
        )
        or None,
        resolved_ip=_distinct(lookup.resolved),
    )


def _dns_of_event(best: Verdict) -> ecs.Dns:
    event = best.event
    name = event.query_name if event is not None else best.match.indicator
    results = event.results if event is not None else ()
    return ecs.Dns(question=ecs.DnsQuestion(name=name), resolved_ip=_distinct(results))


def _host(best: Verdict) -> ecs.Host | None:
    if best.computer is None:
        return None
    client = (best.lookup.client_ip,) if best.lookup is not None else ()
    shipped = best.event.addresses if best.event is not None else ()
    addresses = (*client, *best.addresses, *shipped)
    return ecs.Host(
        name=best.computer,
        hostname=best.computer.split(".", 1)[0],
        ip=_distinct(addresses),
        os=ecs.Os(type="windows") if best.event is not None else None,
    )


def _user(process: Process | None) -> ecs.User | None:
    if process is None or not process.user:
        return None
    domain, _, name = process.user.rpartition("\\")
    return ecs.User(name=name, domain=domain or None)


def process_fields(process: Process | None) -> ecs.ProcessFields | None:
    if process is None:
        return None
    hashes = dict(process.hashes)
    return _known(
        ecs.ProcessFields(
            entity_id=process.guid,
            pid=process.pid,
            name=process.name,
            executable=process.image,
            command_line=process.command_line,
            start=micros(process.started) if process.started is not None else None,
            hash=_known(ecs.Hash(**{name: hashes.get(name) for name in HASHES})),
            pe=_known(
                ecs.Pe(
                    original_file_name=process.original_file_name,
                    company=process.company,
                    product=process.product,
                    description=process.description,
                    file_version=process.file_version,
                    imphash=hashes.get("imphash"),
                )
            ),
            parent=_known(
                ecs.Parent(
                    entity_id=process.parent_guid,
                    pid=process.parent_pid,
                    name=base_name(process.parent_image),
                    executable=process.parent_image,
                    command_line=process.parent_command_line,
                )
            ),
        )
    )


def _related(best: Verdict, dns: ecs.Dns) -> ecs.Related:
    flow = best.lookup.flows[0] if best.lookup is not None else None
    ends = (flow.client_ip, flow.server_ip) if flow is not None else ()
    user = _user(best.process)
    hashes = dict(best.process.hashes) if best.process is not None else {}
    return ecs.Related(
        ip=_distinct((*ends, *(dns.resolved_ip or ()))),
        hosts=_distinct((dns.question.name, *((best.computer,) if best.computer else ()))),
        user=(user.name,) if user is not None else None,
        hash=_distinct(hashes[name] for name in HASHES if name in hashes),
    )


def _own(alert: Alert) -> ecs.DnsSensor:
    best = alert.best
    lookup = best.lookup
    return ecs.DnsSensor(
        schema_version=SCHEMA_VERSION,
        alert=ecs.AlertState(state=alert.state, revision=alert.revision, count=alert.count),
        match=_match(best),
        attribution=ecs.AttributionFields(
            status=best.status.value,
            confidence=best.confidence,
            basis=best.basis,
            against=best.against or None,
            candidates=tuple(candidate_fields(candidate) for candidate in best.candidates),
            window_ms=_window(lookup, best.event),
            host_identity=_host_identity(best),
            evidence=tuple(_evidence(event) for event in alert.evidence) or None,
        ),
        reasons=tuple(ecs.Reason(code=code, points=points) for code, points in alert.reasons),
        anomalies=tuple(alert.anomalies),
        lookup=_lookup(lookup),
        follow_on=_follow_on(best),
        capture=_capture(lookup),
        path=lookup.path if lookup is not None else None,
    )


def _match(best: Verdict) -> ecs.MatchFields:
    name = best.event.query_name if best.event is not None else best.match.indicator
    wire_name = best.lookup.wire_name if best.lookup is not None else name
    return ecs.MatchFields(
        indicator=best.match.indicator,
        role=best.match.role,
        wire_name=wire_name,
        case_randomised=True if wire_name != wire_name.lower() else None,
    )


def candidate_fields(candidate: Candidate) -> ecs.CandidateFields:
    process = candidate.process
    return ecs.CandidateFields(
        host=ecs.CandidateHost(name=candidate.computer),
        confidence=candidate.confidence,
        process=None
        if process is None
        else _known(
            ecs.CandidateProcess(
                name=process.name,
                pid=process.pid,
                entity_id=process.guid,
                executable=process.image,
            )
        ),
    )


def _window(lookup: Lookup | None, event: Asked | None) -> tuple[int, int] | None:
    """Tell within what of the last packet a fitting event is written."""
    if lookup is None:
        return None
    earliest, latest = fit.window(lookup, event)
    return (earliest - lookup.last) // MILLISECOND, (latest - lookup.last) // MILLISECOND


def _host_identity(best: Verdict) -> ecs.HostIdentity | None:
    owner = best.owner
    if owner is None:
        return None
    observed = owner.observed
    known = observed is not None and best.lookup is not None
    return ecs.HostIdentity(
        method=owner.method,
        conflicts=best.conflicts,
        observed=micros(observed) if observed is not None else None,
        age_s=(best.lookup.first - observed) // SECOND  # type: ignore[union-attr,operator]
        if known
        else None,
    )


def _evidence(event: Asked) -> ecs.EvidenceItem:
    return ecs.EvidenceItem(
        event_code=22,
        record_id=event.record_id,
        time=micros(event.at),
        image=event.image,
        query_status=event.query_status,
        query_results=event.query_results,
    )


def _lookup(lookup: Lookup | None) -> ecs.LookupFields | None:
    if lookup is None:
        return None
    return ecs.LookupFields(
        first=micros(lookup.first),
        last=micros(lookup.last),
        qtypes=lookup.qtypes,
        outcome=lookup.outcome,
        rtt_ms=round(lookup.rtt / MILLISECOND, 3) if lookup.rtt is not None else None,
    )


def _follow_on(best: Verdict) -> ecs.FollowOnFields | None:
    follow_on = best.follow_on
    if follow_on is None:
        return None
    ip = f"[{follow_on.ip}]" if ":" in follow_on.ip else follow_on.ip
    return ecs.FollowOnFields(
        connected=True,
        delay_ms=follow_on.delay // MILLISECOND,
        destination=f"{ip}:{follow_on.port}",
    )


def _capture(lookup: Lookup | None) -> ecs.CaptureFields | None:
    if lookup is None:
        return None
    return ecs.CaptureFields(
        query_seen=lookup.outcome != "response_only", response_seen=lookup.rcode is not None
    )


def _known(value: S) -> S | None:
    """Leave out an object of which nothing is known."""
    return None if all(getattr(value, f) is None for f in value.__struct_fields__) else value


def _distinct(items: Iterable[str]) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(items)) or None
