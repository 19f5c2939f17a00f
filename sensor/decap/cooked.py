"""Linux cooked capture: what a socket on the device "any" puts in place of the link header.

Source: https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and …_SLL2.html.
"""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

V1: Final = struct.Struct(dpkt.sll.SLL.__hdr_fmt__)
V2: Final = struct.Struct(dpkt.sll2.SLL2.__hdr_fmt__)

LLC_FOLLOWS: Final = 0x0004

# On these devices (ARPHRD_FRAD, ARPHRD_IEEE80211_RADIOTAP, ARPHRD_NETLINK) the protocol field
# holds no Ethernet type.
NO_ETHERTYPE: Final = frozenset({770, 803, 824})


def peel_v1(data: memoryview) -> Header:
    """Take off the sixteen octets of version 1.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < V1.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    _, device, _, _, protocol = V1.unpack_from(data)
    return Header(name="sll", next=_next(device, protocol), rest=data[V1.size :])


def peel_v2(data: memoryview) -> Header:
    """Take off the twenty octets of version 2.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < V2.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    protocol, _, _, device, _, _, _ = V2.unpack_from(data)
    return Header(name="sll2", next=_next(device, protocol), rest=data[V2.size :])


def _next(device: int, protocol: int) -> Id:
    if device in NO_ETHERTYPE:
        return Id("device", device)
    if protocol == LLC_FOLLOWS:
        return Id("llc", 0)
    return Id("ethertype", protocol)
