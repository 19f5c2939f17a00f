"""What make.py files build tunnels of: two gateways, and what carries frames between them.

`carried` puts a packet of the gateways around every frame; a function of the frame's octets says
what stands between. `tagged` and `retyped` change the frame itself. scapy has most headers; those
it lacks, or loads too much for, are written out.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from craft import Frame, Host, packet
from scapy.fields import IntField, StrField
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, bind_layers

NEAR = Host("", "192.0.2.1", "00:00:5e:00:53:11", "2001:db8:0:1::1")
FAR = Host("", "192.0.2.2", "00:00:5e:00:53:12", "2001:db8:0:2::1")

TAG, SERVICE_TAG, OLD_TAG = 0x8100, 0x88A8, 0x9100
MPLS, PPPOE = 0x8847, 0x8864


class L2TPv3(Packet):
    """L2TPv3 straight over IP (RFC 3931 §4.1.1): a session, and a cookie of 0, 4 or 8 octets."""

    fields_desc = (IntField("session", 0), StrField("cookie", b""))


bind_layers(IP, L2TPv3, proto=115)
bind_layers(IPv6, L2TPv3, nh=115)


def carried(
    frames: Sequence[Frame],
    layers: Callable[[bytes], Any],
    ends: tuple[Host, Host] = (NEAR, FAR),
) -> list[Frame]:
    """Put every frame under IP and `layers` of it.

    What the sender of the first frame sends goes from the first end to the second, the rest back.
    """
    there = frames[0].data[6:12]
    inside = []
    for frame in frames:
        source, target = ends if frame.data[6:12] == there else ends[::-1]
        outer = packet(source, target, layers(frame.data), frame.at)
        inside.append(replace(outer, interface=frame.interface))
    return inside


def mirrored(frames: Sequence[Frame], layers: Callable[[bytes], Any]) -> list[Frame]:
    """As `carried`, but all from NEAR to FAR: a switch sends what it copies to an analyser."""
    return [frame for each in frames for frame in carried([each], layers)]


def packet_of(frame: bytes) -> Any:
    """The IP packet within an Ethernet frame without tags."""
    version = frame[14] >> 4
    return (IPv6 if version == 6 else IP)(frame[14:])


def tagged(frame: Frame, *tags: tuple[int, int]) -> Frame:
    """Put VLAN tags of (type, identifier) behind the addresses, the outermost first."""
    header = b"".join(struct.pack("!HH", kind, identifier) for kind, identifier in tags)
    return replace(frame, data=frame.data[:12] + header + frame.data[12:])


def labels(*numbers: int) -> bytes:
    """An MPLS label stack (RFC 3032 §2.1): label, class 0, bottom of stack, time to live 62."""
    last = len(numbers) - 1
    return b"".join(
        struct.pack("!I", label << 12 | (place == last) << 8 | 62)
        for place, label in enumerate(numbers)
    )


def retyped(frame: Frame, ethertype: int, body: bytes) -> Frame:
    """Keep the addresses of an Ethernet frame; its type and what follows are others."""
    return replace(frame, data=frame.data[:12] + struct.pack("!H", ethertype) + body)


def vxlan(frame: bytes) -> Any:
    """VXLAN (RFC 7348 §5) of network 42; the outer checksum is left out, as is usual."""
    return UDP(sport=51515, dport=4789, chksum=0) / VXLAN(vni=42) / frame
