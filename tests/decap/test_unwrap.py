"""Unwrapping whole frames: the table, the endings, the anomalies, the bounds."""

import pickle
import struct

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.decap.unwrap import TABLE, Leftover, unwrap
from sensor.frame import Frame
from sensor.packet import Packet

LINKS = sorted(id_.number for id_ in TABLE if id_.space == "link")

MACS = bytes(range(12))
MESSAGE = b"message"


def udp(payload: bytes = MESSAGE, length: int | None = None) -> bytes:
    length = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", 49152, 53, length, 0) + payload


def ipv4(rest: bytes, *, protocol: int = 17, total: int | None = None, fragment: int = 0) -> bytes:
    total = 20 + len(rest) if total is None else total
    addresses = bytes([192, 0, 2, 1, 198, 51, 100, 2])
    return struct.pack(">BBHHHBBH", 0x45, 0, total, 7, fragment, 64, protocol, 0) + addresses + rest


def ipv6(rest: bytes, *, following: int = 17) -> bytes:
    addresses = bytes(15) + b"\x01" + bytes(15) + b"\x02"
    return struct.pack(">IHBB", 0x60000000, len(rest), following, 64) + addresses + rest


def ethernet(rest: bytes, kind: int = 0x0800, tags: tuple[int, ...] = ()) -> bytes:
    stack = b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    return MACS + stack + struct.pack(">H", kind) + rest


def frame(data: bytes, link: int = 1, length: int | None = None) -> Frame:
    return Frame(
        at=5,
        data=data,
        link=link,
        length=len(data) if length is None else length,
        interface="span0",
    )


def packet_of(found: Packet | Leftover) -> Packet:
    assert isinstance(found, Packet), found
    return found


def leftover_of(found: Packet | Leftover) -> Leftover:
    assert isinstance(found, Leftover), found
    return found


def test_plain_query_becomes_a_packet() -> None:
    """
    Everything a packet says comes from the frame's headers and its capture point.
    """
    expected = Packet(
        at=5,
        src="192.0.2.1",
        sport=49152,
        dst="198.51.100.2",
        dport=53,
        transport="udp",
        path=("ethernet", "vlan:10", "vlan:0", "ipv4", "udp"),
        payload=MESSAGE,
        identification=7,
        vlans=(10, 0),
        interface="span0",
    )

    assert expected == unwrap(frame(ethernet(ipv4(udp()), tags=(10, 0)) + bytes(20)))


@pytest.mark.parametrize(
    ("link", "before", "rest", "path"),
    [
        (0, b"\x02\0\0\0", ipv4(udp()), ("null", "ipv4", "udp")),
        (0, b"\0\0\0\x02", ipv4(udp()), ("null", "ipv4", "udp")),
        (0, b"\x18\0\0\0", ipv6(udp()), ("null", "ipv6", "udp")),
        (0, b"\0\0\0\x1c", ipv6(udp()), ("null", "ipv6", "udp")),
        (0, b"\x1e\0\0\0", ipv6(udp()), ("null", "ipv6", "udp")),
        (0, b"\x0a\0\0\0", ipv6(udp()), ("null", "ipv6", "udp")),
        (108, b"\0\0\0\x02", ipv4(udp()), ("loop", "ipv4", "udp")),
        (108, b"\0\0\0\x18", ipv6(udp()), ("loop", "ipv6", "udp")),
        (113, bytes(14) + b"\x08\0", ipv4(udp()), ("sll", "ipv4", "udp")),
        (113, bytes(14) + b"\x81\0\0\x0a\x86\xdd", ipv6(udp()), ("sll", "vlan:10", "ipv6", "udp")),
        (276, b"\x86\xdd" + bytes(18), ipv6(udp()), ("sll2", "ipv6", "udp")),
        (12, b"", ipv4(udp()), ("ipv4", "udp")),
        (14, b"", ipv6(udp()), ("ipv6", "udp")),
        (101, b"", ipv4(udp()), ("ipv4", "udp")),
        (101, b"", ipv6(udp()), ("ipv6", "udp")),
        (228, b"", ipv4(udp()), ("ipv4", "udp")),
        (229, b"", ipv6(udp()), ("ipv6", "udp")),
        (228, b"", ipv6(udp()), ("ipv6", "udp")),  # the packet's own version counts
    ],
)
def test_every_link_type_leads_to_the_packet(
    link: int, before: bytes, rest: bytes, path: tuple[str, ...]
) -> None:
    """
    Raw IP has no link header, so its path begins with IP.
    """
    packet = packet_of(unwrap(frame(before + rest, link)))

    assert (path, MESSAGE, ()) == (packet.path, packet.payload, packet.anomalies)


@pytest.mark.parametrize("kind", [0x8100, 0x88A8, 0x9100, 0x9200])
def test_every_tag_type_is_a_tag(kind: int) -> None:
    """
    802.1Q, 802.1ad, and the two types that stacked tags had before it.
    """
    data = MACS + struct.pack(">HHHH", kind, 20, 0x8100, 30) + b"\x08\0" + ipv4(udp())

    assert packet_of(unwrap(frame(data))).vlans == (20, 30)


def test_snap_in_ethernet_leads_to_the_packet() -> None:
    """
    An 802.3 frame whose LLC carries an Ethernet type; its length cuts the padding.
    """
    snap = b"\xaa\xaa\x03\0\0\0\x08\0" + ipv4(udp())

    packet = packet_of(unwrap(frame(MACS + struct.pack(">H", len(snap)) + snap + bytes(9))))

    assert (("ethernet", "snap", "ipv4", "udp"), MESSAGE) == (packet.path, packet.payload)


@pytest.mark.parametrize(
    ("data", "link", "path", "what", "anomalies"),
    [
        (ethernet(bytes(28), 0x0806), 1, ("ethernet",), "arp", ()),
        (ethernet(bytes(28), 0x88CC), 1, ("ethernet",), "not_ip", ()),
        (ethernet(b"\x42\x42\x03" + bytes(35), 38), 1, ("ethernet", "llc"), "not_ip", ()),
        (b"\x07\0\0\0" + bytes(30), 0, ("null",), "not_ip", ()),
        (ethernet(ipv4(bytes(8), protocol=1)), 1, ("ethernet", "ipv4"), "icmp", ()),
        (ethernet(ipv4(bytes(8), protocol=50)), 1, ("ethernet", "ipv4"), "esp", ()),
        (ethernet(ipv4(bytes(8), protocol=132)), 1, ("ethernet", "ipv4"), "not_udp_or_tcp", ()),
        (ethernet(ipv6(bytes(8), following=58), 0x86DD), 1, ("ethernet", "ipv6"), "icmpv6", ()),
        (ethernet(ipv6(b"", following=59), 0x86DD), 1, ("ethernet", "ipv6"), "no_next_header", ()),
        (
            ethernet(ipv4(udp(), fragment=0x2000)),
            1,
            ("ethernet", "ipv4"),
            "fragment",
            (Anomaly.FRAGMENT,),
        ),
        (
            ethernet(ipv6(struct.pack(">BBHI", 17, 0, 8, 1) + b"piece", following=44), 0x86DD),
            1,
            ("ethernet", "ipv6"),
            "fragment",
            (Anomaly.FRAGMENT,),
        ),
        (
            ethernet(ipv4(udp(length=7))),
            1,
            ("ethernet", "ipv4"),
            "malformed",
            (Anomaly.HEADER_MALFORMED,),
        ),
        (
            ethernet(ipv4(udp()[:5])),
            1,
            ("ethernet", "ipv4"),
            "truncated",
            (Anomaly.HEADER_TRUNCATED,),
        ),
        (b"", 1, (), "truncated", (Anomaly.HEADER_TRUNCATED,)),
        (ipv4(udp()), 127, (), "link_type_unknown", (Anomaly.LINK_TYPE_UNKNOWN,)),
    ],
)
def test_what_gives_no_packet_says_why(
    data: bytes, link: int, path: tuple[str, ...], what: str, anomalies: tuple[Anomaly, ...]
) -> None:
    """
    A leftover names its reason, the headers that came off, and what was wrong, if anything was.
    """
    expected = Leftover(at=5, path=path, anomalies=anomalies, what=what)

    assert expected == unwrap(frame(data, link))


def test_capture_that_cuts_the_payload_keeps_the_rest() -> None:
    """
    The headers count octets that were on the wire and are not in the capture.
    """
    whole = ethernet(ipv4(udp()))

    packet = packet_of(unwrap(frame(whole[:-3], length=len(whole))))

    assert (b"mess", (Anomaly.FRAME_TRUNCATED,)) == (packet.payload, packet.anomalies)


def test_capture_that_cuts_only_padding_takes_nothing() -> None:
    """
    A snap length that ends behind the datagram leaves the packet whole.
    """
    whole = ethernet(ipv4(udp()))

    packet = packet_of(unwrap(frame(whole, length=len(whole) + 18)))

    assert (MESSAGE, ()) == (packet.payload, packet.anomalies)


def test_capture_that_cuts_a_header_leaves_no_packet() -> None:
    """
    It is the capture that is short, not the header that is wrong.
    """
    leftover = leftover_of(unwrap(frame(ethernet(ipv4(udp()))[:37], length=49)))

    assert ("truncated", (Anomaly.FRAME_TRUNCATED,)) == (leftover.what, leftover.anomalies)


@pytest.mark.parametrize(
    "datagram", [ipv4(udp(), total=500), ipv4(udp(length=500)), ipv4(udp(length=500), total=500)]
)
def test_length_that_never_was_there_is_a_mismatch(datagram: bytes) -> None:
    """
    In a frame captured whole a length too great is wrong, at whichever header; told once.
    """
    packet = packet_of(unwrap(frame(ethernet(datagram))))

    assert (MESSAGE, (Anomaly.LENGTH_MISMATCH,)) == (packet.payload, packet.anomalies)


def test_cut_frame_may_have_a_wrong_length_too() -> None:
    """
    The capture left out two octets, the header states hundreds more.
    """
    whole = ethernet(ipv4(udp(), total=500))

    packet = packet_of(unwrap(frame(whole[:-2], length=len(whole))))

    assert (Anomaly.FRAME_TRUNCATED, Anomaly.LENGTH_MISMATCH) == packet.anomalies


def test_eight_tags_come_off() -> None:
    """
    Real frames have two or three; eight are still taken.
    """
    packet = packet_of(unwrap(frame(ethernet(ipv4(udp()), tags=tuple(range(1, 9))))))

    assert tuple(range(1, 9)) == packet.vlans


def test_ninth_tag_is_too_deep() -> None:
    """
    The walk ends with a name, however many tags follow.
    """
    leftover = leftover_of(unwrap(frame(ethernet(ipv4(udp()), tags=tuple(range(1, 10000))))))

    assert leftover == Leftover(
        at=5,
        path=("ethernet", *(f"vlan:{n}" for n in range(1, 9))),
        anomalies=(Anomaly.HEADERS_TOO_DEEP,),
        what="too_deep",
    )


def test_tcp_segment_without_data_is_a_packet() -> None:
    """
    Whoever puts the stream together needs its empty segments as well.
    """
    segment = struct.pack(">HHIIHHHH", 49152, 53, 1, 0, 5 << 12 | 2, 1024, 0, 0)

    packet = packet_of(unwrap(frame(ethernet(ipv4(segment, protocol=6)) + bytes(6))))

    assert ("tcp", b"", ("ethernet", "ipv4", "tcp")) == (
        packet.transport,
        packet.payload,
        packet.path,
    )


def test_leftover_ships_and_freezes() -> None:
    """
    A leftover comes back whole from a codec and from a pickle.
    """
    leftover = leftover_of(unwrap(frame(ethernet(ipv4(udp(), fragment=0x2000), tags=(3,)))))

    assert leftover == msgspec.json.decode(msgspec.json.encode(leftover), type=Leftover)
    assert leftover == pickle.loads(pickle.dumps(leftover))  # noqa: S301 - our own octets


@given(
    data=st.binary(max_size=200),
    link=st.sampled_from(LINKS) | st.integers(-(2**31), 2**31),
    length=st.integers(0, 400),
)
@example(data=b"", link=1, length=0)
@settings(max_examples=400, deadline=None)
def test_no_octets_raise(data: bytes, link: int, length: int) -> None:
    """
    Any octets under any link type, of any stated length, give a packet or a leftover.
    """
    assert isinstance(unwrap(frame(data, link, length)), Packet | Leftover)


@given(
    where=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 255)), min_size=1, max_size=6),
    size=st.integers(0, 100),
    link=st.sampled_from([1, 113, 276, 0, 101]),
    six=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_no_damage_raises(where: list[tuple[int, int]], size: int, link: int, *, six: bool) -> None:
    """
    A good frame with a few octets changed and its end cut reaches every header's checks.
    """
    before = {
        1: ethernet(b"", 0x86DD if six else 0x0800, tags=(1, 2)),
        113: bytes(14) + (b"\x86\xdd" if six else b"\x08\0"),
        276: (b"\x86\xdd" if six else b"\x08\0") + bytes(18),
        0: (b"\x18\0\0\0" if six else b"\x02\0\0\0"),
        101: b"",
    }
    extension = bytes([17, 1]) + bytes(14)
    datagram = ipv6(extension + udp(), following=60) if six else ipv4(udp())
    data = bytearray(before[link] + datagram)
    for offset, octet in where:
        data[offset % len(data)] = octet

    assert isinstance(unwrap(frame(bytes(data[:size]), link, len(data))), Packet | Leftover)
