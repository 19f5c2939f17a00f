"""The law of the sieve: what the river would read passes, what it counts is counted.

Each frame is judged alone, in an array of exactly its length, and among other octets.
"""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.dns.iana import type_name
from sensor.frame import Frame
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.watch import ROLES
from tests.dns.messages import captured, pointer, question, record, response, wire_name
from tests.realdata import REALDATA, needs_realdata
from tests.sieve.hostile import datagram, ethernet, ipv4, payloads, tunnelled
from tests.sieve.law import CASES, Use, World, frames
from tests.sieve.stacks import (
    ARP,
    LAST_LABEL,
    MPLS,
    PLAIN,
    WRAPS,
    Layer,
    Stack,
    framed,
    packet4,
    packet6,
    stacks,
    tcp,
    udp,
)
from tests.wrapping import Journey, journeys

ETHERNET, RAW = 1, 101
WORLD = World()
QUIET = World(any_port=False)

ASKED = wire_name(b"api", b"telegram", b"org")
OTHER = wire_name(b"www", b"example", b"com")


@pytest.mark.parametrize("area", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_cases(area: str) -> None:
    """
    The law holds for every frame of every capture among the cases.
    """
    paths = [path for path in sorted((CASES / area).rglob("*.pcap*")) if path.is_file()]
    broken = [
        f"{path}: {how}"
        for path in paths
        for frame in frames(path)
        if (how := WORLD.broken(frame.data, frame.link))
    ]

    assert [] == broken


@needs_realdata
def test_real_captures() -> None:
    """
    The law holds for every frame of the real captures, and most of them are dropped.
    """
    paths = [path for path in sorted((REALDATA / "pcaps").rglob("*")) if path.is_file()]
    broken: list[str] = []
    passed = judged = 0
    for path in paths:
        for frame in frames(path):
            judged += 1
            passed += WORLD.judged(frame.data, frame.link) > LAST_DROPPED
            if how := WORLD.broken(frame.data, frame.link):
                broken.append(f"{path}: {how}")

    assert [] == broken
    assert judged > 50_000
    assert passed < judged / 10


@settings(deadline=None)
@given(payloads(), st.sampled_from([(40000, 53), (53, 40000), (40000, 5300), (5353, 5353)]))
def test_near_misses(payload: bytes, ports: tuple[int, int]) -> None:
    """
    The law holds for names that are nearly watched, in messages that are nearly whole.
    """
    data = datagram(payload, *ports)

    assert "" == WORLD.broken(data, RAW)
    assert "" == QUIET.broken(data, RAW)


@settings(deadline=None)
@given(tunnelled(), st.data())
def test_tunnels(frame: bytes, data: st.DataObject) -> None:
    """
    The law holds in tunnels, for the frame whole, cut anywhere, and with one octet changed.
    """
    at = data.draw(st.integers(0, len(frame) - 1))
    changed = bytearray(frame)
    changed[at] ^= data.draw(st.sampled_from([0x01, 0x80, 0xFF]))

    assert "" == WORLD.broken(frame, ETHERNET)
    assert "" == WORLD.broken(frame[:at], ETHERNET)
    assert "" == WORLD.broken(bytes(changed), ETHERNET)


@settings(deadline=None)
@given(stacks(), st.data())
def test_stacks(stack: Stack, data: st.DataObject) -> None:
    """
    The law holds below all headers that the kernels know, however they may be read.
    """
    octets, link, _ = stack
    cut = data.draw(st.integers(0, len(octets) - 1))
    at = data.draw(st.integers(0, min(len(octets), 120) - 1))
    changed = bytearray(octets)
    changed[at] ^= data.draw(st.sampled_from([0x01, 0x10, 0x40, 0x80, 0xFF]))

    assert "" == WORLD.broken(octets, link)
    assert "" == WORLD.broken(octets[:cut], link)
    assert "" == WORLD.broken(bytes(changed), link)


@settings(deadline=None, max_examples=30)
@given(journeys())
def test_journeys(journey: Journey) -> None:
    """
    The law holds for messages that scapy took through tunnels, fragments and segments.
    """
    assert [] == [how for frame in journey.frames if (how := WORLD.broken(frame.data, frame.link))]


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([0, 1, 9, 12, 50, 51, 101, 108, 113, 276, 65535]))
def test_any_octets(data: bytes, link: int) -> None:
    """
    The law holds for octets that are nothing, on every link type, and beyond all.
    """
    assert "" == WORLD.broken(data, link)


def whole(*records: bytes, asked: bytes = OTHER) -> bytes:
    return ethernet(datagram(response(*records, asked=question(asked)), 53, 40000))


WATCHED_RECORDS = [
    record(pointer(12), 5, ASKED),
    record(ASKED, 5, OTHER),
    record(OTHER, 39, wire_name(b"API", b"telegram", b"ORG")),
    record(pointer(12), 65, b"\0\1" + ASKED),
    record(pointer(12), 64, b"\0\0" + ASKED),
    record(pointer(12), 5, wire_name(b"deep", b"down", b"example", b"org")),
]


@pytest.mark.parametrize("last", WATCHED_RECORDS)
def test_cut_at_every_octet(last: bytes) -> None:
    """
    A watched record passes whole, and the law holds wherever the capture cut the frame.
    """
    frame = whole(record(pointer(12), 1, b"\1\2\3\4"), last)

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert [""] * len(frame) == [WORLD.broken(frame[:size], ETHERNET) for size in range(len(frame))]


def test_records_are_looked_at_by_the_types_of_the_watch() -> None:
    """
    Of all 65,536 types, a watched owner passes for those whose target a resolver follows.
    """
    passed = set()
    for kind in range(1 << 16):
        data = datagram(response(record(ASKED, kind, OTHER), asked=question(OTHER)), 53, 40000)
        if WORLD.judged(data, RAW) is Reason.WATCHED:
            passed.add(type_name(kind))

    assert ROLES.keys() == passed


def test_every_octet_of_a_watched_name_counts() -> None:
    """
    The name passes in any case; with any other change to one octet of a label it does not.
    """
    for place in (1, 2, 3, 5, 8, 12, 14, 16):
        for flip in range(1, 256):
            name = bytearray(ASKED)
            name[place] ^= flip
            frame = ethernet(datagram(response(asked=question(bytes(name))), 53, 40000))
            is_same = bytes(name).lower() == ASKED
            reason = WORLD.judged(frame, ETHERNET)
            assert (Reason.WATCHED if is_same else Reason.DROPPED_DNS) is reason


def test_a_parent_watches_what_is_below_it_alone() -> None:
    """
    `.example.org` is every name below example.org, not itself.
    """
    reasons = [
        WORLD.judged(whole(asked=wire_name(*labels)), ETHERNET)
        for labels in ((b"example", b"org"), (b"a", b"example", b"org"), (b"a.example", b"org"))
    ]

    assert [Reason.DROPPED_DNS, Reason.WATCHED, Reason.DROPPED_DNS] == reasons


def test_pointers_without_end_pass_as_malformed() -> None:
    """
    Chains of thousands of pointers, walked again and again, are left to the river.
    """
    start = 25  # behind the header and a record's owner and its fixed octets
    chain = pointer(12) + b"".join(pointer(start + 2 * at) for at in range(2999))
    last = pointer(start + 2 * 2999)
    records = [record(last, 5, last) for _ in range(2000)]
    wire = b"\0\7\x81\x80\0\0" + (1 + len(records)).to_bytes(2, "big") + bytes(4)
    opaque = b"\1y\0" + b"\0\x10\0\1\0\0\0\0" + len(chain).to_bytes(2, "big") + chain
    frame = ethernet(datagram(wire + opaque + b"".join(records), 53, 40000))

    assert Reason.MALFORMED is WORLD.judged(frame, ETHERNET)


@needs_realdata
def test_every_message_of_the_real_captures_off_its_port() -> None:
    """
    The law holds for real messages on a port that is not configured.
    """
    broken = [
        how
        for payload in captured()
        if len(payload) < 60_000 and (how := WORLD.broken(datagram(payload, 41000, 42000), RAW))
    ]

    assert [] == broken


def test_paths_are_found() -> None:
    """
    The cases are where this looks for them.
    """
    assert len(list(CASES.rglob("*.pcap"))) > 100


def dns(data: bytes, sport: int = 53, dport: int = 40000) -> bytes:
    return ethernet(datagram(data, sport, dport))


def test_the_longest_name_is_watched() -> None:
    """
    A name of 255 octets with the root's passes (RFC 1035 §2.3.4); one of more is none.
    """
    longest = [b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61]
    longer = [*longest[:-1], b"d" * 62]
    texts = tuple(b".".join(labels).decode() for labels in (longest, longer))
    world = World(texts)
    frames_of = [dns(response(asked=question(wire_name(*each)))) for each in (longest, longer)]

    assert [Reason.WATCHED, Reason.DROPPED_DNS] == [world.judged(f, ETHERNET) for f in frames_of]
    assert ["", ""] == [world.broken(frame, ETHERNET) for frame in frames_of]


def test_an_owner_may_point_where_nothing_was_tested() -> None:
    """
    Into the rdata of a type that is not looked at, where the watched name stands.
    """
    hidden = record(pointer(12), 16, ASKED)
    at = 12 + len(question(OTHER)) + 12
    frame = dns(response(hidden, record(pointer(at), 5, OTHER), asked=question(OTHER)))

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert "" == WORLD.broken(frame, ETHERNET)


def test_without_a_question_its_place_is_not_taken_for_tested() -> None:
    """
    An address record's owner stands there and is not looked at; a CNAME's owner points to it.
    """
    wire = b"\0\7\x81\x80\0\0\0\2\0\0\0\0"
    frame = dns(wire + record(ASKED, 1, b"\1\2\3\4") + record(pointer(12), 5, OTHER))

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert "" == WORLD.broken(frame, ETHERNET)


@pytest.mark.parametrize("tags", range(13))
def test_tags_without_end(tags: int) -> None:
    """
    The river gives up at the ninth tag and counts no message then; the sieve counts none either.
    """
    packet = datagram(response(asked=question(OTHER)), 53, 40000)
    kind = 0x0800
    for _ in range(tags):
        packet, kind = b"\0\5" + kind.to_bytes(2, "big") + packet, 0x8100

    assert "" == WORLD.broken(ethernet(packet, kind), ETHERNET)


@pytest.mark.parametrize("headers", range(4))
def test_authentication_headers(headers: int) -> None:
    """
    Any number of them may stand in front of UDP, and each may be cut (RFC 4302 §2.2).
    """
    rest, protocol = datagram(response(asked=question(ASKED)), 53, 40000)[20:], 17
    for _ in range(headers):
        rest, protocol = bytes([protocol, 4]) + bytes(22) + rest, 51
    packet = ipv4(protocol, rest)

    assert Reason.WATCHED is WORLD.judged(packet, RAW)
    assert [""] * len(packet) == [WORLD.broken(packet[:size], RAW) for size in range(len(packet))]


def test_a_question_on_its_port_is_no_tunnel() -> None:
    """
    A query from 4789 that reads as VXLAN with an ARP packet in it, and has an octet behind it.
    """
    label = b"seven.." + b"\x08\x06" + b"arp"
    asked = question(wire_name(label, b"example", b"org"))
    query = b"\x08\0\1\0\0\1" + bytes(6) + asked + b"\0" * 40
    frame = dns(query, 4789, 53)

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert "" == WORLD.broken(frame, ETHERNET)


def test_an_ethernet_address_that_reads_as_ipv4() -> None:
    """
    Below MPLS either may stand; a header whose checksum is wrong proves nothing (RFC 4928 §3), so
    the one whose is right is read.
    """
    inner = ipv4(17, datagram(response(asked=question(ASKED)), 53, 40000)[20:])
    addresses = b"\x45\0" + len(inner).to_bytes(2, "big") + b"\0\0" + b"\0\0\0\x11\0\0"
    frame = ethernet(bytes.fromhex("00064140") + addresses + b"\x08\0" + inner, 0x8847)

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert "" == WORLD.broken(frame, ETHERNET)


QUERY = udp(40000, 53, b"\0\7\1\0\0\1" + bytes(6) + question(ASKED))
ANOTHER = udp(40000, 53, b"\0\7\1\0\0\1" + bytes(6) + question(OTHER))
INNERMOST = {
    "watched": (packet4(17, QUERY), Reason.WATCHED),
    "watched, over IPv6": (packet6(17, QUERY), Reason.WATCHED),
    "unwatched": (packet4(17, ANOTHER), Reason.DROPPED_DNS),
    "unwatched, over IPv6": (packet6(17, ANOTHER), Reason.DROPPED_DNS),
    "web": (packet4(6, tcp(40000, 443, b"x")), Reason.DROPPED_OTHER),
    "icmp": (packet4(1, b"\x08" + bytes(11)), Reason.DROPPED_OTHER),
    "icmpv6": (packet6(58, b"\x80" + bytes(11)), Reason.DROPPED_OTHER),
    "ospf": (packet4(89, b"\2\1" + bytes(42)), Reason.DROPPED_OTHER),
    "arp": (Layer(ARP, b"\0\1\x08\0\6\4\0\1" + bytes(20)), Reason.DROPPED_OTHER),
    "lldp": (Layer(0x88CC, b"\2\7\4" + bytes(40)), Reason.DROPPED_OTHER),
}


@pytest.mark.parametrize("name", sorted(WRAPS))
@pytest.mark.parametrize("inner", sorted(INNERMOST))
def test_nothing_passes_for_a_header_that_kernels_take_off(name: str, inner: str) -> None:
    """
    Below each header a watched name passes for itself, and nothing else passes.
    """
    layer, reason = INNERMOST[inner]
    octets = framed(WRAPS[name](layer, PLAIN))

    assert reason is WORLD.judged(octets, ETHERNET)
    assert "" == WORLD.broken(octets, ETHERNET)


def test_headers_in_each_other() -> None:
    """
    So it is with two, but for sessions of L2TP in each other, which have too many readings.
    """
    left = set()
    for outer in WRAPS:
        for inner in WRAPS:
            octets = framed(WRAPS[outer](WRAPS[inner](packet4(17, QUERY), PLAIN), PLAIN))
            if Reason.HEADER is WORLD.judged(octets, ETHERNET):
                left.add((outer, inner))
            assert "" == WORLD.broken(octets, ETHERNET)

    assert set() == {pair for pair in left if not all("l2tp" in each for each in pair)}


def test_what_kernels_cannot_take_off_passes() -> None:
    """
    Link types that hardly any tap has, and more headers of one name than the river takes off.
    """
    arcnet = bytes.fromhex("0102f0") + packet4(17, QUERY).octets
    labels = Layer(MPLS, LAST_LABEL[:2] + b"\0\x40").octets * 8 + LAST_LABEL

    assert Reason.HEADER is WORLD.judged(arcnet, 129)
    assert Reason.HEADER is WORLD.judged(framed(Layer(MPLS, labels)), ETHERNET)


def test_of_two_readings_the_likelier_counts() -> None:
    """
    A frame behind ERSPAN I whose addresses read as an IPv4 header is a frame; so is one whose
    sender's address reads as that of ARP, and both are packets when they are said to be.
    """
    addresses = bytes.fromhex("450000400000000040110000")
    inner = framed(packet4(17, QUERY), PLAIN._replace(addresses=addresses))
    arp = packet4(17, QUERY, PLAIN._replace(source=b"\x08\6\0\1"))
    told = {
        WORLD.judged(framed(WRAPS[name](layer, PLAIN)), ETHERNET)
        for name in ("erspan i", "gtp", "mpls")
        for layer in (Layer(0x6558, inner), arp)
    }

    assert {Reason.WATCHED} == told


@pytest.mark.parametrize("tunnel", ["gtp", "mpls"])
def test_an_ethernet_frame_that_is_ipv4_with_a_right_checksum(tunnel: str) -> None:
    """
    What reads as IPv4 beyond doubt and leads nowhere is read as Ethernet by the river: it passes.
    """
    inner = ipv4(17, datagram(response(asked=question(ASKED)), 53, 40000)[20:])
    # As IPv4: protocol 253, which nobody reads, from 8.0.69.0; as Ethernet: 0x0800, then `inner`.
    outer = bytearray(
        b"\x45\0" + struct.pack("!H", 14 + len(inner)) + b"\0\0\0\0\x40\xfd\0\0\x08\0"
    )
    outer += inner
    total = sum(struct.unpack("!10H", outer[:20]))
    outer[10:12] = struct.pack("!H", 0xFFFF - (total % 0xFFFF))
    gtp = struct.pack("!BBHI", 0x30, 255, len(outer), 7) + outer
    frame = {
        "gtp": ethernet(datagram(gtp, 2152, 2152)),
        "mpls": ethernet(bytes.fromhex("00064140") + outer, 0x8847),
    }[tunnel]

    assert Reason.WATCHED is WORLD.judged(frame, ETHERNET)
    assert "" == WORLD.broken(frame, ETHERNET)
    assert Use.READS is WORLD.use(Frame(at=1, data=frame, link=ETHERNET, length=len(frame)))
