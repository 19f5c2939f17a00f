"""What Elastic's ingest pipelines and Winlogbeat's sysmon module make of an event: ECS fields.

Sysmon's own fields are moved out of `winlog.event_data`, all or most of them. What is left there
is the original and wins. `@timestamp` has been overwritten with the event's `UtcTime`, so the
record time is `winlog.time_created`, or else `event.created`, when the record was read.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Final

from sensor.endpoint.addresses import of_the_computer
from sensor.endpoint.record import Record
from sensor.endpoint.values import computer_of, event_id_of, member, record_time, text, texts, whole

NEEDS: Final = (
    ("winlog.event_id",),
    ("winlog.computer_name",),
    ("process.entity_id", "process.executable"),
)

_ECS: Final[Mapping[str, str]] = {
    "ProcessGuid": "process.entity_id",
    "ProcessId": "process.pid",
    "Image": "process.executable",
    "CommandLine": "process.command_line",
    "OriginalFileName": "process.pe.original_file_name",
    "Company": "process.pe.company",
    "Product": "process.pe.product",
    "Description": "process.pe.description",
    "FileVersion": "process.pe.file_version",
    "ParentProcessGuid": "process.parent.entity_id",
    "ParentProcessId": "process.parent.pid",
    "ParentImage": "process.parent.executable",
    "ParentCommandLine": "process.parent.command_line",
    "Protocol": "network.transport",
    "SourceIp": "source.ip",
    "SourcePort": "source.port",
    "DestinationIp": "destination.ip",
    "DestinationPort": "destination.port",
    "QueryName": "dns.question.name",
}
_HASHES: Final = ("md5", "sha1", "sha256")
_DIRECTIONS: Final = {"egress": "true", "outbound": "true", "ingress": "false", "inbound": "false"}

# The names of the Win32 codes in x-pack/winlogbeat/module/sysmon/ingest/sysmon.yml that a lookup
# commonly ends with; a code that has no name there stays a number.
_STATUSES: Final = {
    "SUCCESS": "0",
    "ERROR_INVALID_NAME": "123",
    "ERROR_INVALID_NETNAME": "1214",
    "ERROR_CANCELLED": "1223",
    "ERROR_TIMEOUT": "1460",
    "DNS_ERROR_RCODE_FORMAT_ERROR": "9001",
    "DNS_ERROR_RCODE_SERVER_FAILURE": "9002",
    "DNS_ERROR_RCODE_NAME_ERROR": "9003",
    "DNS_ERROR_RCODE_NOT_IMPLEMENTED": "9004",
    "DNS_ERROR_RCODE_REFUSED": "9005",
    "DNS_INFO_NO_RECORDS": "9501",
    "DNS_ERROR_BAD_PACKET": "9502",
    "DNS_ERROR_RECORD_DOES_NOT_EXIST": "9701",
}
# The types whose rdata is a name, by number (IANA): what `type:  N name` was made from.
_NAME_TYPES: Final = {"NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "SRV": 33, "DNAME": 39}


def read(obj: object) -> Record:
    """Read one record.

    Raises:
        RejectedError: The event id, the computer or the time cannot be read.
    """
    winlog = member(obj, "winlog")
    computer = computer_of(member(winlog, "computer_name"))
    left = {key: value for key, value in texts(member(winlog, "event_data")).items() if value}
    return Record(
        event_id=event_id_of(member(winlog, "event_id")),
        computer=computer,
        time=record_time(
            member(winlog, "time_created"), member(obj, "event.created"), member(obj, "@timestamp")
        ),
        data={**_moved(obj), **left},
        channel=text(member(winlog, "channel")),
        record_id=whole(member(winlog, "record_id")),
        addresses=of_the_computer(obj, computer),
        provider=text(member(winlog, "provider_name")) or text(member(obj, "event.provider")),
    )


def _moved(obj: object) -> dict[str, str]:
    """Bring the ECS fields back to Sysmon's names."""
    data = {name: text(member(obj, path)) for name, path in _ECS.items()}
    user, domain = text(member(obj, "user.name")), text(member(obj, "user.domain"))
    data["User"] = f"{domain}\\{user}" if domain and user else user
    data["Initiated"] = _DIRECTIONS.get(text(member(obj, "network.direction")), "")
    status = text(member(obj, "sysmon.dns.status"))
    data["QueryStatus"] = _STATUSES.get(status, status)
    hashes = ((kind, text(member(obj, f"process.hash.{kind}"))) for kind in _HASHES)
    data["Hashes"] = ",".join(f"{kind}={value}" for kind, value in hashes if value)
    answers = member(obj, "dns.answers")
    if isinstance(answers, list):
        data["QueryResults"] = "".join(_answer(answer) for answer in answers)
    return data


def _answer(answer: object) -> str:
    """Write an answer as Sysmon had it: names by type number, addresses IPv4-mapped."""
    kind, value = text(member(answer, "type")), text(member(answer, "data"))
    if kind in _NAME_TYPES:
        return f"type:  {_NAME_TYPES[kind]} {value};"
    if kind == "A":
        try:
            return f"::ffff:{IPv4Address(value)};"
        except ValueError:
            return ""
    return f"{value};" if kind == "AAAA" else ""
