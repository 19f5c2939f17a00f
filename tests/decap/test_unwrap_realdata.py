"""Every frame of the real captures, against tshark's table and dpkt's own decoding."""

import gzip
import io
import lzma
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import dpkt
from scapy.error import Scapy_Exception
from scapy.utils import RawPcapReader

from sensor.decap.unwrap import Leftover, Unwrapped, unwrap
from sensor.frame import Frame
from sensor.packet import Fragment, Packet
from tests.realdata import REALDATA, needs_realdata

PCAPS = REALDATA / "pcaps"
TABLES = REALDATA / "tshark_dns_tsv"
UNPACK = {".gz": gzip.decompress, ".xz": lzma.decompress}

# What tshark calls the headers in front of UDP or TCP that unwrapping takes off so far.
LINKS = {"eth", "ethertype", "llc", "vlan", "sll", "null", "raw"}

Seen = tuple[str, int, int]  # source address, source and destination port


@cache
def captures() -> tuple[Path, ...]:
    names = (".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz", ".pcap.xz")
    return tuple(sorted(p for p in PCAPS.rglob("*") if p.name.endswith(names)))


@cache
def frames(path: Path) -> tuple[Frame, ...]:
    """Read with scapy, not with our own reader: this tests unwrapping alone."""
    return tuple(_frames(path))


def _frames(path: Path) -> Iterator[Frame]:
    unpack = UNPACK.get(path.suffix, bytes)
    octets = unpack(path.read_bytes())
    try:
        reader = RawPcapReader(io.BytesIO(octets))
        for data, meta in reader:
            link = getattr(meta, "linktype", None)
            yield Frame(
                at=0,
                data=data,
                link=reader.linktype if link is None else link,
                length=max(meta.wirelen, len(data)),
            )
    except (Scapy_Exception, EOFError):
        return  # a broken capture: what was whole is enough here


def rows(table: Path) -> Iterator[tuple[int, str, Seen]]:
    """Frame number, transport and addresses of the rows in which no tunnel has a part."""
    # Plain lines: some names in there are longer than csv takes.
    first, *lines = table.read_text().splitlines()
    columns = first.split("\t")
    for line in lines:
        row = dict(zip(columns, line.split("\t"), strict=True))
        headers = [name for name in row["protocols"].split(":") if name not in LINKS]
        match headers:
            # "ip" before "ipv6" is a raw capture whose link type names the wrong version
            case ["ip", "ipv6", "udp" | "tcp" as transport, *inner]:
                pass
            case ["ip" | "ipv6", "udp" | "tcp" as transport, *inner]:
                pass
            case _:
                continue
        if "ip" not in inner:
            source = row["ipv6.src"] or row["ip.src"]
            ports = int(row[f"{transport}.sport"]), int(row[f"{transport}.dport"])
            yield int(row["frame"]), transport, (source, *ports)


def seen(found: Unwrapped) -> tuple[str, Seen | None]:
    if isinstance(found, Leftover):
        return found.what, None
    if isinstance(found, Fragment):
        return "fragment", None
    return found.transport, (found.src, found.sport, found.dport)


@needs_realdata
def test_every_row_of_tsharks_table_is_a_packet() -> None:
    """
    Where tshark found DNS outside of tunnels, unwrapping finds the same addresses and ports;
    fragments excepted, of which tshark shows the last with what all of them hold.
    """
    compared: Counter[str] = Counter()
    differences = []

    for path in captures():
        table = TABLES / (str(path.relative_to(PCAPS)).replace("/", "~") + ".tsv")
        if not table.exists():
            continue
        for number, transport, expected in rows(table):
            what, actual = seen(unwrap(frames(path)[number - 1]))
            compared[what] += 1
            if what != "fragment" and (transport, expected) != (what, actual):
                differences.append((path.name, number, expected, what, actual))

    assert differences == []
    assert compared["udp"] > 4000
    assert compared["tcp"] > 300
    assert compared["fragment"] < 100


def decode_with_dpkt(frame: Frame) -> tuple[Seen, bytes] | None:
    """What dpkt finds at once, if it is UDP in a whole datagram without tunnel."""
    try:
        outer = dpkt.ethernet.Ethernet(frame.data)
    except dpkt.UnpackError:
        return None
    datagram = outer.data
    if hasattr(outer, "mpls_labels") or not isinstance(datagram, dpkt.ip.IP | dpkt.ip6.IP6):
        return None
    if isinstance(datagram, dpkt.ip.IP) and (datagram.mf or datagram.offset):
        return None
    if isinstance(datagram, dpkt.ip6.IP6) and datagram.extension_hdrs:
        return None
    segment = datagram.data
    if not isinstance(segment, dpkt.udp.UDP):
        return None
    source = dpkt.utils.inet_to_str(datagram.src)
    return (source, segment.sport, segment.dport), bytes(segment.data)


@needs_realdata
def test_dpkt_decodes_the_same_packets() -> None:
    """
    Header by header gives what dpkt's own classes give for the whole frame at once; but what is
    in a tunnel behind UDP, which dpkt takes for the payload.
    """
    compared: Counter[str] = Counter()
    differences = []

    for path in captures():
        for number, frame in enumerate(frames(path), 1):
            expected = decode_with_dpkt(frame) if frame.link == 1 else None
            if expected is None:
                continue
            found = unwrap(frame)
            if "udp" in found.path[:-1]:
                compared["tunnel"] += 1
                continue
            actual = (seen(found)[1], found.payload if isinstance(found, Packet) else b"")
            compared["dns" if 53 in expected[0][1:] else "other"] += 1
            if expected != actual:
                differences.append((path.name, number, expected, actual))

    assert differences == []
    assert compared["dns"] > 40000
    assert compared["other"] > 1000
    assert 100 < compared["tunnel"] < 1000


@needs_realdata
def test_no_cut_of_a_real_frame_raises() -> None:
    """
    Every real frame, cut anywhere, under its own link type and under any other.
    """
    chance = random.Random(7)
    links = [0, 1, 101, 108, 113, 276]

    for path in captures():
        for frame in frames(path):
            size = chance.randrange(min(len(frame.data), 120) + 1)
            for link in (frame.link, chance.choice(links)):
                found = unwrap(Frame(at=0, data=frame.data[:size], link=link, length=frame.length))

                assert isinstance(found, Unwrapped)
