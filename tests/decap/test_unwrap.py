"""Unwrapping whole frames: the table, the endings, the anomalies, the bounds."""

import pickle
import struct
from unittest import mock

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.decap import mpls
from sensor.decap import unwrap as unwrap_module
from sensor.decap.header import Header, Id
from sensor.decap.unwrap import TABLE, Leftover, Unwrap, Unwrapped, unwrap
from sensor.frame import Frame
from sensor.packet import Datagram, Fragment, Packet

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


def packet_of(found: Unwrapped) -> Packet:
    assert isinstance(found, Packet), found
    return found


def leftover_of(found: Unwrapped) -> Leftover:
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


def test_fragment_says_where_it_belongs() -> None:
    """
    A fragment of IPv4 bears all that putting it together takes.
    """
    data = ethernet(ipv4(b"piece", fragment=0x2003, total=30), tags=(3,))
    expected = Fragment(
        at=5,
        version=4,
        src="192.0.2.1",
        dst="198.51.100.2",
        identification=7,
        protocol=17,
        offset=24,
        more=True,
        data=b"piece",
        path=("ethernet", "vlan:3", "ipv4"),
        missing=5,
        vlans=(3,),
        interface="span0",
        anomalies=(Anomaly.FRAGMENT, Anomaly.FRAME_TRUNCATED),
    )

    assert expected == unwrap(frame(data, length=len(data) + 5))


def test_fragment_of_ipv6_says_the_same() -> None:
    """
    Its place and identification stand in an extension header, behind others.
    """
    header = struct.pack(">BBHI", 44, 0, 0, 0) + struct.pack(">BBHI", 17, 0, 16, 0xABCD1234)
    expected = Fragment(
        at=5,
        version=6,
        src="::1",
        dst="::2",
        identification=0xABCD1234,
        protocol=17,
        offset=16,
        more=False,
        data=b"piece",
        path=("ethernet", "ipv6"),
        interface="span0",
        anomalies=(Anomaly.FRAGMENT,),
    )

    assert expected == unwrap(frame(ethernet(ipv6(header + b"piece", following=60), 0x86DD)))


@pytest.mark.parametrize("version", [4, 6])
def test_datagram_goes_on_where_its_fragments_stopped(version: int) -> None:
    """
    Behind the IP header that was in parts comes what comes behind any.
    """
    datagram = Datagram(
        at=9,
        version=version,
        src="192.0.2.1",
        dst="198.51.100.2",
        identification=7,
        protocol=51,
        data=bytes([17, 4]) + bytes(22) + udp(),
        path=("ethernet", "vlan:3", f"ipv{version}"),
        vlans=(3,),
        interface="span0",
        anomalies=(Anomaly.FRAGMENT,),
    )
    expected = Packet(
        at=9,
        src="192.0.2.1",
        sport=49152,
        dst="198.51.100.2",
        dport=53,
        transport="udp",
        path=("ethernet", "vlan:3", f"ipv{version}", "udp"),
        payload=MESSAGE,
        identification=7 if version == 4 else None,
        vlans=(3,),
        interface="span0",
        anomalies=(Anomaly.FRAGMENT,),
    )

    assert expected == unwrap.resume(datagram)


def test_datagram_of_fragments_may_be_a_fragment() -> None:
    """
    A tunnel's packet is in parts, and so is the one inside; the depth counts on.
    """
    inside = ipv4(b"piece", fragment=0x2000)
    path = ("ethernet", *["ipv4"] * 8)
    datagram = Datagram(
        at=9,
        version=4,
        src="192.0.2.8",
        dst="192.0.2.9",
        identification=1,
        protocol=4,
        data=inside,
        path=path[:3],
    )

    found = unwrap.resume(datagram)
    deepest = unwrap.resume(msgspec.structs.replace(datagram, path=path))

    assert isinstance(found, Fragment)
    assert (("ethernet", "ipv4", "ipv4", "ipv4"), 7) == (found.path, found.identification)
    assert "too_deep" == leftover_of(deepest).what


def vxlan(inside: bytes, flags: int = 0x08) -> bytes:
    return bytes([flags, 0, 0, 0, 0, 0, 42, 0]) + inside


def datagram_to(dport: int, payload: bytes, sport: int = 50000) -> bytes:
    return ethernet(ipv4(struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload))


QUERY = bytes.fromhex("0800 0000 0001 0000 0000 0000 03617069 00 0001 0001")


def test_tunnel_behind_udp_comes_off() -> None:
    """
    The flow is that of the innermost packet.
    """
    packet = packet_of(unwrap(frame(datagram_to(4789, vxlan(ethernet(ipv6(udp()), 0x86DD))))))

    assert ("::1", "::2", 53, MESSAGE) == (packet.src, packet.dst, packet.dport, packet.payload)
    assert ("ethernet", "ipv4", "udp", "vxlan:42", "ethernet", "ipv6", "udp") == packet.path


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        vxlan(b""),
        vxlan(ethernet(ipv4(udp(), protocol=99))),
        vxlan(ethernet(ipv4(udp()))[:30]),
        vxlan(ethernet(ipv4(udp())), flags=0),
        QUERY,
    ],
)
@pytest.mark.parametrize("ports", [(4789, 50000), (50000, 4789)])
def test_what_no_tunnel_explains_is_the_packet(payload: bytes, ports: tuple[int, int]) -> None:
    """
    A port proves nothing: clients draw 4789 too, and a resolver may listen there.
    """
    packet = packet_of(unwrap(frame(datagram_to(ports[1], payload, sport=ports[0]))))

    assert (("ethernet", "ipv4", "udp"), payload) == (packet.path, packet.payload)
    assert ((*ports,), ()) == ((packet.sport, packet.dport), packet.anomalies)


def test_tunnel_may_end_in_what_is_no_packet() -> None:
    """
    An ARP request in a tunnel is an ARP request.
    """
    leftover = leftover_of(unwrap(frame(datagram_to(4789, vxlan(ethernet(bytes(28), 0x0806))))))

    assert ("arp", "vxlan:42") == (leftover.what, leftover.path[3])


def test_dns_port_counts_before_a_tunnels() -> None:
    """
    DNS in its strict shape between a DNS port and a tunnel's is DNS; what is not, may be a tunnel
    that was sent from port 53.
    """
    inside = vxlan(ethernet(ipv4(udp())))

    dns = packet_of(unwrap(frame(datagram_to(4789, QUERY, sport=53))))
    tunnel = packet_of(unwrap(frame(datagram_to(4789, inside, sport=53))))

    assert QUERY == dns.payload
    assert MESSAGE == tunnel.payload


def test_configured_port_is_vxlan_too() -> None:
    """
    Beside 4789 and 8472, and only where it is configured.
    """
    data = frame(datagram_to(14789, vxlan(ethernet(ipv4(udp())))))

    configured = Unwrap(vxlan_ports=(14789,))

    assert MESSAGE == packet_of(configured(data)).payload
    assert MESSAGE != packet_of(unwrap(data)).payload


def test_ninth_tunnel_is_told() -> None:
    """
    Eight frames within each other come off; the packet with a ninth in it says that it is too deep.
    """
    eighth = ethernet(ipv4(udp()))
    for _ in range(7):
        eighth = datagram_to(4789, vxlan(eighth))
    ninth = datagram_to(4789, vxlan(eighth))

    read, told = packet_of(unwrap(frame(eighth))), packet_of(unwrap(frame(ninth)))

    assert (8, 53, ()) == (read.path.count("ethernet"), read.dport, read.anomalies)
    assert (8, 4789) == (told.path.count("ethernet"), told.dport)
    assert (Anomaly.HEADERS_TOO_DEEP,) == told.anomalies


def test_tunnels_behind_udp_are_bounded_too() -> None:
    """
    What is nested too deep stays where it is, as the packet of the last tunnel, and says so.
    """
    inside = ethernet(ipv4(udp()))
    for _ in range(8):
        inside = datagram_to(4789, vxlan(inside))

    packet = packet_of(unwrap(frame(inside)))

    assert (Anomaly.HEADERS_TOO_DEEP,) == packet.anomalies
    assert 4789 == packet.dport


def test_readings_are_bounded_in_all() -> None:
    """
    Labels that may be followed by several things, in each other again and again, end the walk.
    """
    bottom = bytes.fromhex("00010140")
    # Ethernet, with a control word in front or without: the type stands at 12 or at 16.
    either = bottom + bytes(12) + bytes.fromhex("8847 0001 8847")
    tried: list[int] = []

    def counted(data: memoryview) -> Header:
        tried.append(len(data))
        return mpls.peel(data)

    table = {**unwrap_module.TABLE, Id("ethertype", 0x8847): counted}
    with mock.patch.object(unwrap_module, "TABLE", table):
        found = unwrap(frame(ethernet(either * 20, 0x8847)))

    assert 20 < len(tried) < 100

    assert (Anomaly.HEADERS_TOO_DEEP,) == leftover_of(found).anomalies


@pytest.mark.parametrize(
    "data",
    [
        ethernet(bytes(28), 0x0806, tags=(3,)),
        ethernet(ipv4(udp(), fragment=0x2000), tags=(3,)),
        ethernet(ipv4(udp()), tags=(3,)),
    ],
)
def test_what_is_unwrapped_ships_and_freezes(data: bytes) -> None:
    """
    It comes back whole from a codec and from a pickle.
    """
    found = unwrap(frame(data))

    assert found == msgspec.json.decode(msgspec.json.encode(found), type=type(found))
    assert found == pickle.loads(pickle.dumps(found))  # noqa: S301 - our own octets


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
    assert isinstance(unwrap(frame(data, link, length)), Unwrapped)


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

    assert isinstance(unwrap(frame(bytes(data[:size]), link, len(data))), Unwrapped)
