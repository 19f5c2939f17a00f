"""What scapy builds, unwrapping finds again: addresses, ports, tags, payload.

Checksums are drawn as well, so most are wrong: on a sending host they are.
"""

from functools import reduce
from operator import truediv
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
)
from scapy.layers.l2 import LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1Q, Dot3, Ether
from scapy.packet import Raw

from sensor.decap.unwrap import Leftover, unwrap
from sensor.frame import Frame
from sensor.packet import Packet

AT = 1_700_000_000_000_000_000
MAC = "02:00:00:00:00:01"

TAG_TYPES = st.sampled_from([0x8100, 0x88A8, 0x9100, 0x9200])
NUMBERS = st.integers(0, 0xFFFF)
CHECKSUMS = st.none() | NUMBERS  # None: scapy computes it


class Network(NamedTuple):
    layers: list[Any]
    version: int
    src: str
    dst: str
    identification: int | None


class Link(NamedTuple):
    octets: bytes
    link: int
    path: tuple[str, ...]
    vlans: tuple[int, ...]


@st.composite
def ipv4(draw: st.DrawFn) -> Network:
    src, dst = str(draw(st.ip_addresses(v=4))), str(draw(st.ip_addresses(v=4)))
    layer = IP(
        src=src,
        dst=dst,
        id=draw(NUMBERS),
        options=[IPOption_NOP()] * draw(st.integers(0, 40)),
        chksum=draw(CHECKSUMS),
        flags=draw(st.sampled_from(["", "DF"])),
    )
    return Network([layer], 4, src, dst, layer.id)


@st.composite
def ipv6(draw: st.DrawFn) -> Network:
    # Global unicast: tests of IPv4-mapped addresses, which Python writes in two ways, are apart.
    unicast = st.ip_addresses(network="2000::/3")
    src, dst = str(draw(unicast)), str(draw(unicast))
    padding = [PadN(optdata=bytes(draw(st.integers(0, 30))))]
    extensions = draw(
        st.lists(
            st.sampled_from(
                [
                    IPv6ExtHdrHopByHop(options=padding),
                    IPv6ExtHdrDestOpt(options=padding),
                    IPv6ExtHdrRouting(addresses=["2001:db8::9", "2001:db8::a"]),
                    IPv6ExtHdrFragment(offset=0, m=0, id=draw(NUMBERS)),
                ]
            ),
            max_size=4,
        )
    )
    return Network([IPv6(src=src, dst=dst), *extensions], 6, src, dst, None)


@st.composite
def links(draw: st.DrawFn, version: int) -> Link:
    kind = {4: 0x0800, 6: 0x86DD}[version]
    name = draw(st.sampled_from(["ethernet", "snap", "sll", "sll2", "null", "loop", "raw"]))
    if name == "null":
        family = draw(st.sampled_from({4: [2], 6: [24, 28, 30]}[version]))
        order = draw(st.sampled_from(["little", "big"]))
        octets = family.to_bytes(4, "little" if order == "little" else "big")
        return Link(octets, 0, ("null",), ())
    if name == "loop":
        family = draw(st.sampled_from({4: [2], 6: [24, 28, 30]}[version]))
        return Link(family.to_bytes(4, "big"), 108, ("loop",), ())
    if name == "raw":
        number = draw(st.sampled_from([12, 14, 101, {4: 228, 6: 229}[version]]))
        return Link(b"", number, (), ())

    vlans = tuple(draw(st.lists(st.integers(0, 4095), max_size=5)))
    kinds = [*(draw(TAG_TYPES) for _ in vlans), kind]
    outer, number = {
        "ethernet": (Ether(src=MAC, dst=MAC, type=kinds[0]), 1),
        "snap": (Dot3(src=MAC, dst=MAC, len=1500) / LLC(ctrl=3) / SNAP(code=kinds[0]), 1),
        "sll": (CookedLinux(proto=kinds[0]), 113),
        "sll2": (CookedLinuxV2(proto=kinds[0]), 276),
    }[name]
    tags = [
        Dot1Q(vlan=vlan, prio=draw(st.integers(0, 7)), type=following)
        for vlan, following in zip(vlans, kinds[1:], strict=True)
    ]
    path = ("ethernet", "snap") if name == "snap" else (name,)
    return Link(
        bytes(reduce(truediv, tags, outer)),
        number,
        (*path, *(f"vlan:{vlan}" for vlan in vlans)),
        vlans,
    )


@st.composite
def frames(draw: st.DrawFn) -> tuple[Frame, Packet]:
    network = draw(ipv4() | ipv6())
    link = draw(links(network.version))
    sport, dport, payload = draw(NUMBERS), draw(NUMBERS), draw(st.binary(max_size=80))
    transport, layer = draw(
        st.sampled_from(
            [
                ("udp", UDP(sport=sport, dport=dport, chksum=draw(CHECKSUMS))),
                (
                    "tcp",
                    TCP(
                        sport=sport,
                        dport=dport,
                        seq=draw(NUMBERS),
                        options=[("NOP", None)] * draw(st.integers(0, 40)),
                        chksum=draw(CHECKSUMS),
                    ),
                ),
            ]
        )
    )
    datagram = bytes(reduce(truediv, [*network.layers, layer, Raw(payload)]))
    data = link.octets + datagram + draw(st.binary(max_size=50))
    if "snap" in link.path:
        data = data[:12] + (len(data) - 14).to_bytes(2, "big") + data[14:]
    expected = Packet(
        at=AT,
        src=network.src,
        sport=sport,
        dst=network.dst,
        dport=dport,
        transport=transport,
        path=(*link.path, f"ipv{network.version}", transport),
        payload=payload,
        identification=network.identification,
        vlans=link.vlans,
        interface="span0",
        sequence=getattr(layer, "seq", 0),
        control=2 if transport == "tcp" else 0,  # scapy's segments open a connection
    )
    return Frame(at=AT, data=data, link=link.link, length=len(data), interface="span0"), expected


@given(frames())
@settings(max_examples=300, deadline=None)
def test_unwrapping_finds_what_was_built(built: tuple[Frame, Packet]) -> None:
    """
    Any stack of link, tags, IP with options or extension headers, UDP or TCP, and padding.
    """
    frame, expected = built

    assert expected == unwrap(frame)


@given(frames(), st.data())
@settings(max_examples=150, deadline=None)
def test_cut_frame_gives_no_other_packet(built: tuple[Frame, Packet], data: st.DataObject) -> None:
    """
    A snap length shortens the payload or leaves no packet; it never changes what is told.
    """
    frame, whole = built
    size = data.draw(st.integers(0, len(frame.data)))
    cut = Frame(at=AT, data=frame.data[:size], link=frame.link, length=frame.length)

    found = unwrap(cut)

    if isinstance(found, Packet):
        assert whole.payload.startswith(found.payload)
        assert (whole.src, whole.sport, whole.dst, whole.dport, whole.path) == (
            found.src,
            found.sport,
            found.dst,
            found.dport,
            found.path,
        )
    else:
        assert isinstance(found, Leftover)
        assert found.what == "truncated"
