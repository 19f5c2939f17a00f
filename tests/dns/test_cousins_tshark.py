"""What mDNS, LLMNR and NBNS say beyond DNS, as we and as tshark read it.

What they share with DNS, tests/test_tshark.py compares.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from sensor.dns.cousins import PORTS
from sensor.encoders.lines import MessageLine
from sensor.stage import SECOND
from tests import tshark
from tests.capture.capture_writer import pcap
from tests.dns.messages import FIRST, header, pointer, question, record, wire_name
from tests.dns.test_nbns import netbios, padded
from tests.realdata import REALDATA, needs_realdata
from tests.replays import START, datagram
from tests.tools import require_tool

Said = tuple[tuple[str, ...], ...]

BETWEEN: Final = "\x02"
OPCODES: Final = {"QUERY": "0", "REGISTRATION": "5", "RELEASE": "6", "WACK": "7", "REFRESH": "8"}
RCODES: Final = {"NOERROR": "0", "NXDOMAIN": "3", "ACT_ERR": "6"}
TYPES: Final = {"NULL": "10", "NB": "32", "NBSTAT": "33"}

# tshark's fields, and in the same order `ours` below. One that has several values shows them all.
FIELDS: Final = {
    "mdns": ("dns.qry.qu", "dns.resp.cache_flush"),
    "llmnr": ("dns.flags.conflict", "dns.flags.truncated", "dns.flags.tentative"),
    "nbns": (
        *("nbns.flags.truncated", "nbns.flags.recdesired", "nbns.flags.broadcast"),
        *("nbns.flags.authoritative", "nbns.flags.recavail"),
        *("nbns.flags.opcode", "nbns.flags.rcode"),
        *("nbns.name", "nbns.type", "nbns.addr", "nbns.netbios_name"),
    ),
}


def theirs(capture: Path, protocol: str) -> Iterator[tuple[tuple[str, int], Said]]:
    """Run tshark over a capture; yield (protocol, frame) with the fields' values."""
    asked = [word for each in ("frame.number", *FIELDS[protocol]) for word in ("-e", each)]
    shape = ["-T", "fields", "-E", "separator=/t", "-E", f"aggregator={BETWEEN}"]
    done = subprocess.run(
        [require_tool("tshark"), "-n", "-r", str(capture), "-Y", protocol, *shape, *asked],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.split("\n")[:-1]:
        frame, *cells = line.split("\t")
        # A name of NBNS may have its service in words behind it: `HOST<20> (Server service)`.
        values = [
            tuple(value.split(" (")[0].lower() for value in cell.split(BETWEEN) if value)
            for cell in cells
        ]
        yield (protocol, int(frame)), tuple(values)


def ours(line: MessageLine) -> Said:
    """Bring a line to tshark's form."""
    records = [*line.answers, *line.authorities, *line.additionals]
    if line.protocol == "mdns":
        return (
            tuple(str(int(each.unicast_response)) for each in line.questions),
            tuple(str(int(each.cache_flush)) for each in records),
        )
    if line.protocol == "llmnr":
        return _flags(line, "C", "TC", "T")
    told = [(each.type, each.rdata.split()) for each in records]
    return (
        *_flags(line, "TC", "RD", "B"),
        # These tshark shows of responses only.
        *(_flags(line, "AA", "RA") if line.qr else ((), ())),
        (OPCODES[line.opcode],),
        (RCODES[line.rcode],) if line.qr else (),
        tuple(map(_shown, [*[q.qname for q in line.questions], *[r.name for r in records]])),
        tuple(TYPES[kind] for kind in [*[q.qtype for q in line.questions], *[k for k, _ in told]]),
        # Kind, node, address, again and again; and names without their suffix.
        tuple(text for kind, words in told if kind == "NB" for text in words[2::3]),
        tuple(word[:-4] for kind, words in told if kind == "NBSTAT" for word in words),
    )


def _shown(name: str) -> str:
    """Write as tshark does what we escape: octets below the blank in hex, dots as they are."""
    numbered = re.sub(r"\\(0[0-3][0-9])", lambda found: f"<{int(found[1]):02x}>", name)
    return re.sub(r"\\(.)", r"\1", numbered)


def _flags(line: MessageLine, *names: str) -> Said:
    return tuple((str(int(name in line.flags)),) for name in names)


def collate(capture: Path) -> tuple[dict[tuple[str, int], Said], dict[tuple[str, int], Said]]:
    """Tell what the cousins say in a capture, as we and as tshark have it."""
    mine = {
        (line.protocol, frame): ours(line)
        for frame, lines in tshark.ours(capture).items()
        for line in lines
        if line.protocol != "dns"
    }
    return mine, dict(each for protocol in FIELDS for each in theirs(capture, protocol))


def captures() -> list[Path]:
    """The captures whose tables hold a cousin's message."""
    return [
        REALDATA / "pcaps" / table.name.removesuffix(".tsv").replace("~", "/")
        for table in sorted((REALDATA / "tshark_dns_tsv").glob("*.tsv"))
        if any(each.row.protocol != "dns" for each in tshark.table(table))
    ]


@needs_realdata
def test_real_messages_are_what_tshark_shows(tally: Callable[[str], None]) -> None:
    """
    Bits of their own, and NBNS as a whole, in all captures that hold any.
    """
    compared = dict.fromkeys(FIELDS, 0)
    for capture in captures():
        mine, others = collate(capture)

        assert others == mine, capture
        for protocol, _ in mine:
            compared[protocol] += 1
    tally(f"as tshark has them: {compared}")

    assert all(compared.values())


HOST: Final = netbios(b"FIN-WS-0231")
LOCAL: Final = wire_name(b"host", b"local")
SERVICE: Final = wire_name(b"_ipp", b"_tcp", b"local")
ADDRESS: Final = b"\xc0\x00\x02\x01"
NAMES: Final = (
    *(padded(b"FIN-WS-0231", 0), b"\x04\0"),
    *(padded(b"FINCORP", 0x1E), b"\x84\0"),
    b"\0\x0c\x29\x12\x34\x56" + bytes(40),
)
CRAFTED: Final = (
    (
        5353,
        header(flags=0, ident=0, counts=(2, 0, 0, 0))
        + question(SERVICE, qtype=12, qclass=0x8001)
        + question(LOCAL, qtype=255),
    ),
    (
        5353,
        header(flags=0x8400, ident=0, counts=(0, 2, 0, 0))
        + record(LOCAL, 1, ADDRESS, rclass=0x8001)
        + record(SERVICE, 12, b"\3lab" + pointer(FIRST)),
    ),
    (5355, header(flags=0x8700) + question(LOCAL)),
    (5355, header(flags=0x8200) + question(LOCAL)),
    (5355, header(flags=0) + question(LOCAL)),
    (137, header(flags=0x8500, counts=(0, 1, 0, 0)) + record(HOST, 33, b"\2" + b"".join(NAMES))),
    (137, header(flags=0x8503, counts=(0, 1, 0, 0)) + record(HOST, 10, b"")),
    (
        137,
        header(flags=0xAD86, counts=(0, 1, 0, 0)) + record(HOST, 32, b"\x40\0" + ADDRESS),
    ),
    (
        137,
        header(flags=0x8780, counts=(0, 1, 0, 0))
        + record(
            netbios(b"CORP", 0x1C, b"scope", b"example"),
            32,
            b"\x80\0" + ADDRESS + b"\xa0\0\xc0\0\x02\x02",
        ),
    ),
    (137, header(flags=0x0110) + question(netbios(b"*", 0), qtype=33)),
    (
        137,
        header(flags=0x3010, counts=(1, 0, 0, 1))
        + question(HOST, qtype=32)
        + record(pointer(FIRST), 32, b"\0\0" + ADDRESS),
    ),
)


def test_crafted_messages_are_what_tshark_shows(tmp_path: Path) -> None:
    """
    What the real captures lack: bits set, answers to node status requests, errors, scopes.
    """
    capture = tmp_path / "crafted.pcap"
    frames = [
        datagram(START + at * SECOND, ("192.0.2.1", port), ("224.0.0.251", port), payload)
        for at, (port, payload) in enumerate(CRAFTED)
    ]
    capture.write_bytes(pcap(frames))

    mine, others = collate(capture)

    assert [(PORTS[port].protocol, at) for at, (port, _) in enumerate(CRAFTED, 1)] == [*mine]
    assert others == mine
