"""ERSPAN, what Cisco's switches mirror to another host (draft-foschiano-erspan-03).

Behind GRE; the sequence number there and the protocol type tell types I, II and III apart.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError
from sensor.decap.readings import either

# Version and VLAN, then the session among other bits, in both; in III the last two octets say
# what follows.
II: Final = struct.Struct(">HH4x")
III: Final = struct.Struct(">HH6xH")
SUBHEADER: Final = 8

SESSION: Final = 0x03FF
VERSION_II: Final = 1
VERSION_III: Final = 2
HAS_SUBHEADER: Final = 0x0001

ETHERNET: Final = Id("link", 1)
IP: Final = Id("link", 101)

FRAME_TYPES: Final[Mapping[int, Id]] = MappingProxyType({0: ETHERNET, 2: IP})


def peel_i(data: memoryview) -> Header:
    """Name type I in the path; it has no octets.

    The draft carries Ethernet. There are switches that put bare IP behind its number.
    """
    return either(
        Header(name="erspan", next=ETHERNET, rest=data), Header(name="erspan", next=IP, rest=data)
    )


def peel_ii(data: memoryview) -> Header:
    """Take off the eight octets of type II.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 1.
    """
    if len(data) < II.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    version_and_vlan, session = II.unpack_from(data)
    if version_and_vlan >> 12 != VERSION_II:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    return Header(name="erspan", tag=session & SESSION, next=ETHERNET, rest=data[II.size :])


def peel_iii(data: memoryview) -> Header:
    """Take off the twelve octets of type III, and the eight of its optional subheader.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 2.
    """
    if len(data) < III.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    version_and_vlan, session, last = III.unpack_from(data)
    if version_and_vlan >> 12 != VERSION_III:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    size = III.size + (SUBHEADER if last & HAS_SUBHEADER else 0)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    frame_type = last >> 10 & 0x1F
    return Header(
        name="erspan",
        tag=session & SESSION,
        next=FRAME_TYPES.get(frame_type, Id("erspan.frame", frame_type)),
        rest=data[size:],
    )
