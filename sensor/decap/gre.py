"""GRE: version 0 (RFC 2784 §2, RFC 2890 §2, RFC 1701) and PPTP's version 1 (RFC 2637 §4.1)."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(dpkt.gre.GRE.__hdr_fmt__)
LENGTH: Final = struct.Struct(">H")  # of the payload, first of the two halves of PPTP's key
ROUTE: Final = struct.Struct(dpkt.gre.GRE.SRE.__hdr_fmt__)  # a source route entry, RFC 1701

CHECKSUM: Final = dpkt.gre.GRE_CP
ROUTING: Final = dpkt.gre.GRE_RP
KEY: Final = dpkt.gre.GRE_KP
SEQUENCE: Final = dpkt.gre.GRE_SP
ACKNOWLEDGMENT: Final = dpkt.gre.GRE_AP  # in version 1 alone
VERSION: Final = 0x0007

# Each of these adds four octets; checksum and offset come together, for either flag.
OPTIONAL_0: Final = (CHECKSUM | ROUTING, KEY, SEQUENCE)
OPTIONAL_1: Final = (KEY, SEQUENCE, ACKNOWLEDGMENT)

PPP: Final = 0x880B
ERSPAN: Final = 0x88BE

# Type I of ERSPAN is GRE without a sequence number, and has no header of its own
# (draft-foschiano-erspan-03).
ERSPAN_I: Final = Id("erspan", 1)

NOTHING: Final = Id("gre.acknowledgment", 0)


def peel(data: memoryview) -> Header:
    """Take off the header with whatever its flags announce.

    A protocol type that is no Ethernet type (OSI's 0x00FE, or the 0 of a keepalive) is given
    as it is. Checksum, key and sequence number are not looked at.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for another version, or a version 1
            that is not PPTP's.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    flags, protocol = LAYOUT.unpack_from(data)
    if flags & VERSION == 1:
        return _pptp(data, flags, protocol)
    if flags & VERSION:
        raise WireError(Anomaly.HEADER_MALFORMED, 1)
    size = _size(flags, OPTIONAL_0)
    if flags & ROUTING:
        size = _behind_routes(data, size)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    is_erspan_i = protocol == ERSPAN and not flags & SEQUENCE
    following = ERSPAN_I if is_erspan_i else Id("ethertype", protocol)
    return Header(name="gre", next=following, rest=data[size:])


def _pptp(data: memoryview, flags: int, protocol: int) -> Header:
    """Take off the enhanced header; without a sequence number it only acknowledges."""
    if protocol != PPP or not flags & KEY or flags & (CHECKSUM | ROUTING):
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    size = _size(flags, OPTIONAL_1)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (length,) = LENGTH.unpack_from(data, LAYOUT.size)
    return Header(
        name="gre",
        next=Id("ethertype", protocol) if flags & SEQUENCE else NOTHING,
        rest=data[size : size + length],
        missing=max(0, size + length - len(data)),
    )


def _size(flags: int, optional: tuple[int, ...]) -> int:
    return LAYOUT.size + 4 * sum(bool(flags & each) for each in optional)


def _behind_routes(data: memoryview, start: int) -> int:
    """Go past the source route entries, the last of which has neither family nor length."""
    while len(data) >= start + ROUTE.size:
        family, _, length = ROUTE.unpack_from(data, start)
        start += ROUTE.size + length
        if not family and not length:
            return start
    raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
