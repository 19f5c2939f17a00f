"""Every message of the real captures, as we and as tshark read it.

tshark's reading is in the tables that come with the captures, and made afresh for captures that
have none. What differs is in the tables below, each with its reason; an entry that no longer
occurs fails, and so does a message of ours that tshark does not take for DNS.
"""

import lzma
import re
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import dns.edns
import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import wrpcap

from sensor.encoders.lines import MessageLine
from sensor.stage import SECOND
from tests import tshark
from tests.capture.capture_writer import pcap
from tests.dns.messages import wires
from tests.realdata import REALDATA, needs_realdata
from tests.replays import START, datagram
from tests.tools import require_tool

CAPTURES: Final = REALDATA / "pcaps"
TABLES: Final = REALDATA / "tshark_dns_tsv"
MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
}


class Unread(NamedTuple):
    """A kind of message that tshark shows and we do not: where, in what, why, how many.

    The number is that of the stored tables; None for what they do not hold.
    """

    captures: str
    protocols: str
    reason: str
    number: int | None


# The first that fits counts; the patterns are of tshark's `frame.protocols`.
UNREAD: Final = (
    Unread("*", r":icmp(v6)?:", "quoted by ICMP: nobody's lookup", 10),
    Unread("*", r":http2:dns$", "DNS over HTTPS, decrypted: no part of the sensor", 81),
    Unread("*", r"^null:ip:tcp:dns$", "over TCP on port 5353, which is not configured", 4),
)

TCPDUMP: Final = "the-tcpdump-group+tcpdump/tests/"
COMPACTOR: Final = "dns-stats+compactor/test-scripts/"
SURICATA: Final = "OISF+suricata-verify/tests/"
PACKETS: Final = "seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/"

# Single frames that we do not read as DNS.
NOT_READ: Final = {
    (
        TCPDUMP + "rtp-seg-fault-1.pcapng",
        1,
    ): "9 octets: less than the 12 of a header is no message (RFC 1035 §4.1.1)",
    (COMPACTOR + "malformed.pcap.xz", 21): "6 octets: likewise",
    (
        PACKETS + "NullLoopback.pcap",
        3,
    ): "family 0x0008000f is no address family; tshark guesses an EtherType in its upper half",
}

# Frames whose messages tshark does not show.
ALONE: Final = {
    "DNS-OARC+dnscap/src/test/dnso1tcp-bighole.pcap": (
        frozenset(range(25, 200, 5)),
        "a segment is lost in front of them; tshark reads a stream no further",
    ),
    "DNS-OARC+dnscap/src/test/do1t-nosyn-1nolen.pcap": (
        frozenset({7}),
        "the capture begins within its stream; tshark takes the octets before it for its length",
    ),
}

COUNTS: Final = ("qdcount", "ancount")
TOO_LONG: Final = "a name of more than 255 octets is none (RFC 1035 §2.3.4); tshark shows its place"
HEADER: Final = "tshark shows the header's counts, we show what is there: "

# Single frames in which these fields differ.
DIFFERENT: Final = {
    (SURICATA + "dns/dns-forward-pointer/input.pcap", 1): (
        ("qnames", "qtypes", "qdcount"),
        "a pointer leads to a prior name (RFC 1035 §4.1.4); tshark follows one that leads on",
    ),
    (SURICATA + "dns-udp-junkrequest-first/input.pcap", 1): (COUNTS, HEADER + "junk"),
    (COMPACTOR + "malformed.pcap.xz", 24): (COUNTS, HEADER + "a header alone"),
    (PACKETS + "DnsTooManyResources.pcap", 1): (COUNTS, HEADER + "junk"),
    (PACKETS + "dns_stack_overflow.pcap", 1): (COUNTS, HEADER + "junk after the header"),
    (TCPDUMP + "dns_udp_2.pcap", 2): (("ancount",), HEADER + "cut by the snap length"),
    ("kbandla+dpkt/examples/data/truncated_dns.pcap", 1): (
        ("ancount",),
        HEADER + "cut by the snap length",
    ),
    (TCPDUMP + "dns-badlabel.pcap", 1): (("qnames", "qtypes", *COUNTS), TOO_LONG),
    (TCPDUMP + "dns_fwdptr.pcap", 1): (("qnames", "qtypes", *COUNTS), TOO_LONG),
    **{
        (COMPACTOR + name, frame): (("qnames", "qtypes", "qdcount"), TOO_LONG)
        for name, frames in {
            "knot-live.ignored.pcap.xz": (96, 117),
            "knot-live.raw.pcap.xz": (9148, 11804),
            "nsd-live.ignored.pcap.xz": (25,),
            "nsd-live.raw.pcap.xz": (11109, 15402, 17767),
        }.items()
        for frame in frames
    },
}


class Compared(NamedTuple):
    """What comparing one capture gave.

    `unread` are places in UNREAD, `different` the fields by frame, `missing` frames of tshark's
    and `alone` frames of ours that the other has not. `off_port` are frames of ours with a message
    off the configured ports.
    """

    same: int
    different: dict[int, tuple[str, ...]]
    unread: Counter[int]
    missing: frozenset[int]
    alone: frozenset[int]
    off_port: frozenset[int]


def named(capture: Path) -> str:
    return str(capture.relative_to(CAPTURES))


def stored(capture: Path) -> Path:
    return TABLES / (named(capture).replace("/", "~") + ".tsv")


def opened(capture: Path) -> bytes:
    """A capture's first octets; tshark reads gzip itself."""
    if capture.suffix == ".xz":
        with lzma.open(capture) as file:
            return file.read(4)
    return capture.read_bytes()[:4]


def captures() -> list[Path]:
    """Every file that has a table or begins as a capture does."""
    files = sorted(path for path in CAPTURES.rglob("*") if path.is_file())
    return [
        path
        for path in files
        if stored(path).exists() or path.suffix == ".gz" or opened(path) in MAGICS
    ]


ALL: Final = captures()


@cache
def compare(capture: Path, scratch: Path) -> Compared:
    """Compare one capture, by its table where it has one, else by running tshark."""
    if stored(capture).exists():
        theirs = tshark.table(stored(capture))
    elif capture.suffix == ".xz":
        plain = scratch / "capture"
        plain.write_bytes(lzma.decompress(capture.read_bytes()))
        theirs = tshark.live(plain)
    else:
        theirs = tshark.live(capture)
    return collate(named(capture), theirs, tshark.ours(capture))


def collate(name: str, theirs: list[tshark.Theirs], ours: dict[int, list[MessageLine]]) -> Compared:
    different: dict[int, tuple[str, ...]] = {}
    unread: Counter[int] = Counter()
    missing: set[int] = set()
    same = 0
    for each in theirs:
        lines = ours.get(each.frame)
        if lines is None:
            kind = unread_kind(name, each.protocols)
            if kind is None:
                missing.add(each.frame)
            else:
                unread[kind] += 1
            continue
        fields = tshark.differing(tshark.row(lines), each.row)
        if fields:
            different[each.frame] = fields
        same += not fields
    return Compared(
        same,
        different,
        unread,
        frozenset(missing),
        frozenset(ours.keys() - {each.frame for each in theirs}),
        frozenset(
            frame
            for frame, lines in ours.items()
            if any("nonstandard_port" in line.anomalies for line in lines)
        ),
    )


def unread_kind(name: str, protocols: str) -> int | None:
    for place, kind in enumerate(UNREAD):
        if fnmatch(name, kind.captures) and re.search(kind.protocols, protocols):
            return place
    return None


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tshark")


@needs_realdata
@pytest.mark.parametrize("capture", ALL, ids=named)
def test_messages_are_what_tshark_shows(capture: Path, scratch: Path) -> None:
    """
    Ports, id, flags, opcode, rcode, questions, counts, record types and addresses agree, but for
    the frames listed above, and these differ as listed.
    """
    found = compare(capture, scratch)
    name = named(capture)

    assert {f: fields for (of, f), (fields, _) in DIFFERENT.items() if of == name} == dict(
        found.different
    )
    assert {frame for of, frame in NOT_READ if of == name} == found.missing


@needs_realdata
@pytest.mark.parametrize("capture", ALL, ids=named)
def test_nothing_else_is_taken_for_dns(capture: Path, scratch: Path) -> None:
    """
    What we call a message tshark calls one too, on whatever port, but for the frames listed above.
    """
    listed, _ = ALONE.get(named(capture), (frozenset(), ""))

    assert listed == compare(capture, scratch).alone


@needs_realdata
def test_what_is_listed_occurs(scratch: Path, tally: Callable[[str], None]) -> None:
    """
    Each kind of message that we leave out occurs just as often as its entry says.
    """
    found = {capture: compare(capture, scratch) for capture in ALL}
    in_tables = [found[capture].unread for capture in ALL if stored(capture).exists()]
    counted = {place: sum(each[place] for each in in_tables) for place in range(len(UNREAD))}
    all_of = Counter[int]()
    for each in found.values():
        all_of.update(each.unread)

    same = sum(each.same for each in found.values())
    different = sum(len(each.different) for each in found.values())
    off_port = sum(len(each.off_port) for each in found.values())
    false = sum(len(each.off_port & each.alone) for each in found.values())
    alone = sum(len(each.alone) for each in found.values())
    tally(f"{len(ALL)} captures: {same} messages as tshark has them, {different} differ as listed")
    for place, kind in enumerate(UNREAD):
        tally(f"  {all_of[place]:5} not read: {kind.reason}")
    tally(f"  {alone:5} frames with messages that tshark does not show")
    tally(f"  any port: {off_port} messages off port 53, of which tshark calls {false} no DNS")

    assert {place: kind.number or 0 for place, kind in enumerate(UNREAD)} == counted
    assert all(all_of[place] for place in range(len(UNREAD)))
    names = {named(capture) for capture in ALL}
    assert {name for name, _ in (*DIFFERENT, *NOT_READ)} | set(ALONE) <= names
    assert 0 == false


TEXTS: Final = {
    "0x20 and EDNS client subnet": "id 4660\nopcode QUERY\nflags RD\nedns 0\npayload 1232\n"
    ";QUESTION\naPi.TELEgram.ORg. IN A\n",
    "CNAME chain": "id 1\nopcode QUERY\nrcode NOERROR\nflags QR AA RD RA\n;QUESTION\n"
    "bot.example. IN A\n;ANSWER\nbot.example. 60 IN CNAME mid.example.\n"
    "mid.example. 60 IN CNAME api.telegram.org.\napi.telegram.org. 27 IN A 149.154.166.110\n",
    "HTTPS and SVCB": "id 2\nopcode QUERY\nrcode NOERROR\nflags QR RD RA\n;QUESTION\n"
    "www.example. IN HTTPS\n;ANSWER\n"
    "www.example. 60 IN HTTPS 1 api.telegram.org. alpn=h2,h3 ipv4hint=192.0.2.1\n"
    "www.example. 60 IN SVCB 0 svc.example.\n",
    "NXDOMAIN with SOA": "id 3\nopcode QUERY\nrcode NXDOMAIN\nflags QR RD RA\n;QUESTION\n"
    "none.example. IN AAAA\n;AUTHORITY\n"
    "example. 900 IN SOA ns.example. host.example. 1 7200 900 1209600 86400\n",
    "BADVERS": "id 4\nopcode QUERY\nrcode BADVERS\nflags QR\nedns 0\npayload 512\n"
    ";QUESTION\n. IN TXT\n",
    "NOTIFY": "id 5\nopcode NOTIFY\nflags AA\n;QUESTION\nexample. IN SOA\n",
    "UPDATE": "id 6\nopcode UPDATE\n;ZONE\nexample. IN SOA\n"
    ";UPDATE\nnew.example. 60 IN A 192.0.2.9\n",
    "truncated, unknown types": "id 7\nopcode QUERY\nrcode SERVFAIL\n"
    "flags QR TC RD AD CD\n;QUESTION\n"
    "x\\.y.example. IN TYPE65400\n;ANSWER\nx\\.y.example. 1 IN TYPE65400 \\# 3 010203\n"
    ';ADDITIONAL\nt.example. 5 IN TXT "a b" "c"\nm.example. 5 CH TXT "version"\n',
}
ETHERNET: Final = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
PATHS: Final = (
    ETHERNET / IP(src="192.0.2.1", dst="192.0.2.53"),
    ETHERNET / Dot1Q(vlan=10) / Dot1Q(vlan=20) / IPv6(src="2001:db8::1", dst="2001:db8::53"),
)


def crafted(ports: tuple[int, int]) -> Iterator[Packet]:
    for path in PATHS:
        for text in TEXTS.values():
            message = dns.message.from_text(text)
            if "client subnet" in text:
                message.use_edns(0, options=[dns.edns.ECSOption("203.0.113.0", 24)])
            yield path / UDP(sport=ports[0], dport=ports[1]) / Raw(message.to_wire())


@pytest.mark.parametrize(("ports", "said"), [((53124, 53), ()), ((53, 53124), ())])
def test_crafted_messages_are_what_tshark_shows(
    tmp_path: Path, ports: tuple[int, int], said: tuple[str, ...]
) -> None:
    """
    The forms of TEXTS, over IPv4 and over IPv6 behind two VLAN tags; made by dnspython and scapy.
    """
    require_tool("tshark")
    capture = tmp_path / "crafted.pcap"
    wrpcap(str(capture), list(crafted(ports)))

    found = collate("crafted", tshark.live(capture, *said), tshark.ours(capture))

    assert len(TEXTS) * len(PATHS) == found.same
    assert Compared(found.same, {}, Counter(), frozenset(), frozenset(), frozenset()) == found


def test_off_the_configured_ports_too(tmp_path: Path) -> None:
    """
    On port 5300 we find the queries and answers that tshark has to be told of; opcodes other than
    QUERY are left out there (DESIGN: the strict shape).
    """
    require_tool("tshark")
    capture = tmp_path / "crafted.pcap"
    wrpcap(str(capture), list(crafted((53124, 5300))))

    theirs = tshark.live(capture, "-d", "udp.port==5300,dns")
    found = collate("crafted", theirs, tshark.ours(capture))

    other = {each.frame for each in theirs if each.row.opcode != "0"}
    assert 4 == len(other)
    assert other == found.missing
    assert len(theirs) - 4 == found.same == len(found.off_port)
    assert {} == found.different


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(wires(), min_size=20, max_size=50))
def test_generated_messages_are_what_tshark_shows(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]
) -> None:
    """
    Names of any octets, every record type; but what tshark calls malformed, for it is stricter
    with the rdata of some types, and ends there.
    """
    require_tool("tshark")
    capture = tmp_path_factory.mktemp("generated") / "generated.pcap"
    there, back = ("192.0.2.1", 53124), ("192.0.2.53", 53)
    frames = [
        datagram(START + number * SECOND, there, back, wire) for number, wire in enumerate(messages)
    ]
    capture.write_bytes(pcap(frames))

    ours = tshark.ours(capture)
    theirs = {each.frame: each for each in tshark.live(capture)}

    assert ours.keys() == theirs.keys()
    for frame, each in theirs.items():
        if not each.malformed:
            assert (frame, ()) == (frame, tshark.differing(tshark.row(ours[frame]), each.row))


def test_the_comparison_sees_a_difference(tmp_path: Path) -> None:
    """
    An answer cut out of one reading is found to be missing in it.
    """
    row = tshark.Row(
        "a", "1", "53", "0x0001", "0", "0", "", "0", ("x",), ("1",), (), (), (), "1", "0"
    )

    assert () == tshark.differing(row, row)
    assert ("id", "ancount") == tshark.differing(row, row._replace(id="0x0002", ancount="1"))
