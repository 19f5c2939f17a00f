"""tshark's reading of a capture, and ours, brought to one form that can be compared.

The real data's `tshark_dns_tsv` holds what tshark 4.0 printed for `FIELDS`, all occurrences; the
same command run here gives the same rows.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import dns.opcode
import dns.rcode

from sensor import alerts, pipeline
from sensor.attribution import attribute
from sensor.capture.files import Captures
from sensor.config import load
from sensor.dns import iana
from sensor.dns.message import Message
from sensor.encoders.lines import MessageLine, RecordLine, message_line
from sensor.stage import END
from tests.tools import require_tool

# Column in the tables → tshark's field.
FIELDS: Final = {
    "frame": "frame.number",
    "protocols": "frame.protocols",
    "ip.src": "ip.src",
    "ipv6.src": "ipv6.src",
    "udp.sport": "udp.srcport",
    "udp.dport": "udp.dstport",
    "tcp.sport": "tcp.srcport",
    "tcp.dport": "tcp.dstport",
    "dns.id": "dns.id",
    "qr": "dns.flags.response",
    "opcode": "dns.flags.opcode",
    "rcode": "dns.flags.rcode",
    "tc": "dns.flags.truncated",
    "qname": "dns.qry.name",
    "qtype": "dns.qry.type",
    "a": "dns.a",
    "aaaa": "dns.aaaa",
    "resp.type": "dns.resp.type",
    "malformed": "_ws.malformed",
    "qdcount": "dns.count.queries",
    "ancount": "dns.count.answers",
}
UPDATE: Final = "5"
COUSINS: Final = ("mdns", "llmnr", "nbns")

# One unit of name text: an octet by number, an escaped octet, or any other.
_UNIT: Final = re.compile(r"\\([0-9]{3})|\\(.)|(.)", re.DOTALL)

# What stands between several values of a field: in the tables, and live, where names may hold `;`.
_STORED: Final = ";"
_LIVE: Final = "\x02"

_HIGH: Final = re.compile(r"[^\0-\x7f].*", re.DOTALL)
_CUT: Final = "…"
_CONTROL: Final = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}

_TYPES: Final = {name: number for number, name in iana.TYPES.items()}
_OPT: Final = "41"
_BITMAPS: Final = {"NSEC": 1, "NSEC3": 5, "CSYNC": 2}  # where the types stand in the rdata


class Row(NamedTuple):
    """One message, as both can say it; numbers are decimal text, lists without order are sorted.

    Types stand as often as they occur: of all sections' records, and of those named in an NSEC's
    bitmap, for tshark has one field for both.
    """

    src: str
    sport: str
    dport: str
    id: str
    qr: str
    opcode: str
    rcode: str
    tc: str
    qnames: tuple[str, ...]
    qtypes: tuple[str, ...]
    a: tuple[str, ...]
    aaaa: tuple[str, ...]
    types: tuple[str, ...]
    qdcount: str
    ancount: str
    protocol: str = "dns"


class Theirs(NamedTuple):
    """One frame of tshark's: its number, protocols, row, and whether it calls it malformed."""

    frame: int
    protocols: str
    row: Row
    malformed: bool


def table(path: Path) -> list[Theirs]:
    """Read a stored table."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert list(FIELDS) == lines[0].split("\t")
    return [_theirs(line, _STORED) for line in lines[1:]]


def live(capture: Path, *options: str) -> list[Theirs]:
    """Run tshark over a capture that it can read."""
    fields = [word for field in FIELDS.values() for word in ("-e", field)]
    shape = ["-T", "fields", "-E", "separator=/t", "-E", f"aggregator={_LIVE}"]
    chosen = ["-n", "-r", str(capture), "-Y", "dns || mdns || llmnr || nbns"]
    done = subprocess.run(
        [require_tool("tshark"), *chosen, *options, *shape, *fields],
        capture_output=True,
        text=True,
        check=True,
    )
    return [_theirs(line, _LIVE) for line in done.stdout.split("\n")[:-1]]


def ours(capture: Path) -> dict[int, list[MessageLine]]:
    """Run the river over a capture; give the `messages` lines of each frame that completed any."""
    river = pipeline.Pipeline(
        pipeline.Settings(
            rules=load().rules,
            attribution=attribute.Settings(feed=False),
            alerts=alerts.Settings(hold=0, quiet_for=0, update_every=0),
            taps=frozenset({"messages"}),
        )
    )
    found: dict[int, list[MessageLine]] = {}
    captured: dict[int, int] = {}  # time → number of the last frame that has it
    for number, frame in enumerate(Captures([str(capture)]), 1):
        captured[frame.at] = number
        for value in river([frame], frame.at):
            if isinstance(value, Message):
                found.setdefault(captured[value.at], []).append(message_line(value))
    for value in river([], END):  # what waited behind a gap
        if isinstance(value, Message):
            found.setdefault(captured[value.at], []).append(message_line(value))
    return found


def row(lines: list[MessageLine]) -> Row:
    """Bring the lines of one frame to the common form, as tshark prints several in one."""
    rows = [_row(line) for line in lines]
    first = rows[0]
    scalars = ("id", "qr", "opcode", "rcode", "tc", "qdcount", "ancount")
    merged = {
        name: ",".join(filter(None, (getattr(each, name) for each in rows))) for name in scalars
    }
    return first._replace(
        **merged,
        qnames=tuple(name for each in rows for name in each.qnames),
        qtypes=tuple(qtype for each in rows for qtype in each.qtypes),
        a=tuple(sorted(address for each in rows for address in each.a)),
        aaaa=tuple(sorted(address for each in rows for address in each.aaaa)),
        types=tuple(sorted((rtype for each in rows for rtype in each.types), key=int)),
    )


def _row(line: MessageLine) -> Row:
    """Bring a line to the common form; of NBNS tshark has no fields of DNS."""
    if line.protocol == "nbns":
        return _of_nbns(line.src, str(line.sport), str(line.dport))
    opcode = str(int(dns.opcode.from_text(line.opcode.removeprefix("OPCODE"))))
    records = [*line.answers, *line.authorities, *line.additionals]
    types = [*_types(records), *([_OPT] if line.edns else [])]
    counted = opcode != UPDATE
    return Row(
        src=line.src,
        sport=str(line.sport),
        dport=str(line.dport),
        id=f"0x{line.id:04x}",
        qr=str(int(line.qr)),
        opcode=opcode,
        # tshark shows the header's four bits, and of responses only.
        rcode=str(_rcode(line.rcode) & 15) if line.qr else "",
        tc=str(int("TC" in line.flags)),
        qnames=tuple(_shown(question.qname) for question in line.questions),
        qtypes=tuple(_number(question.qtype) for question in line.questions),
        a=_addresses(records, "A"),
        aaaa=_addresses(records, "AAAA"),
        types=tuple(sorted(types, key=int)),
        # An UPDATE's sections have other names (RFC 2136 §2.2), and other fields in tshark.
        qdcount=str(len(line.questions)) if counted else "",
        ancount=str(len(line.answers)) if counted else "",
        protocol=line.protocol,
    )


def differing(ours: Row, theirs: Row) -> tuple[str, ...]:
    """Name the fields in which two readings differ."""
    return tuple(
        field
        for field, one, other in zip(ours._fields, ours, theirs, strict=True)
        if one != other and not (field == "qnames" and _is_alike(ours.qnames, theirs.qnames))
    )


def _is_alike(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Compare names up to the first octet above 127.

    tshark reads names as UTF-8, overlong forms too, and shows what is none in several ways.
    """
    return len(ours) == len(theirs) and all(
        one == other or (one.endswith(_CUT) and other.startswith(one.removesuffix(_CUT)))
        for one, other in zip(ours, theirs, strict=True)
    )


def _theirs(line: str, between: str) -> Theirs:
    cells = dict(zip(FIELDS, line.split("\t"), strict=True))
    lists = {name: tuple(filter(None, cell.split(between))) for name, cell in cells.items()}
    protocols = cells["protocols"].split(":")
    version = next(name for name in reversed(protocols) if name in ("ip", "ipv6"))
    transport = next(name for name in reversed(protocols) if name in ("tcp", "udp"))
    found = Row(
        src=lists[f"{version}.src"][-1],
        sport=lists[f"{transport}.sport"][-1],
        dport=lists[f"{transport}.dport"][-1],
        id=",".join(lists["dns.id"]),
        qr=",".join(lists["qr"]),
        opcode=",".join(lists["opcode"]),
        rcode=",".join(lists["rcode"]),
        tc=",".join(lists["tc"]),
        qnames=tuple("." if name == "<Root>" else name.lower() for name in lists["qname"]),
        qtypes=lists["qtype"],
        a=tuple(sorted(lists["a"])),
        aaaa=tuple(sorted(lists["aaaa"])),
        types=tuple(sorted(lists["resp.type"], key=int)),
        qdcount=",".join(lists["qdcount"]),
        ancount=",".join(lists["ancount"]),
        protocol=next(filter(COUSINS.__contains__, protocols), "dns"),
    )
    return Theirs(int(cells["frame"]), cells["protocols"], found, bool(cells["malformed"]))


def _of_nbns(src: str, sport: str, dport: str) -> Row:
    none: tuple[str, ...] = ()
    lists = (none, none, none, none, none)
    return Row(src, sport, dport, "", "", "", "", "", *lists, "", "", "nbns")


def _types(records: list[RecordLine]) -> Iterator[str]:
    for record in records:
        yield _number(record.type)
        at = _BITMAPS.get(record.type)
        if at is not None and not record.rdata.startswith("\\#"):
            yield from (_number(named) for named in record.rdata.split()[at:])


def _addresses(records: list[RecordLine], kind: str) -> tuple[str, ...]:
    found = (record.rdata for record in records if record.type == kind)
    return tuple(sorted(rdata for rdata in found if not rdata.startswith("\\#")))


def _number(kind: str) -> str:
    return str(_TYPES.get(kind) or int(kind.removeprefix("TYPE")))


def _rcode(name: str) -> int:
    return int(name[5:]) if name.startswith("RCODE") else int(dns.rcode.from_text(name))


def _shown(name: str) -> str:
    """Write a name as tshark does: dots in labels bare, control octets escaped as in C.

    It is cut at the first octet above 127.
    """
    shown = "".join(
        _octet(int(number)) if number else escaped or plain
        for number, escaped, plain in _UNIT.findall(name)
    )
    return _HIGH.sub(_CUT, shown)


def _octet(octet: int) -> str:
    plain = 0x20 <= octet < 0x7F or octet > 0x7F
    return chr(octet) if plain else _CONTROL.get(octet, f"\\{octet:03o}")
