"""L2TP data messages: version 2 (RFC 2661 §3.1) and version 3 (RFC 3931 §4.1).

In version 2 PPP follows. In version 3 a cookie, a sublayer and a frame follow; how long the
first two are and what kind the frame is was agreed on when the session was set up. Nothing in
the message tells, so all that is usual is given as readings.
"""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError
from sensor.decap.readings import either

FLAGS: Final = struct.Struct(">H")
SESSION: Final = struct.Struct(">I")  # version 3

CONTROL: Final = 0x8000  # T, RFC 2661 §3.1
HAS_LENGTH: Final = 0x4000  # L
HAS_SEQUENCE: Final = 0x0800  # S
HAS_OFFSET: Final = 0x0200  # O
VERSION: Final = 0x000F

PPP: Final = Id("link", 9)

# A cookie has 0, 4 or 8 octets (RFC 3931 §5.4.4), the sublayer 0 or, by default, 4 (§4.6): so
# many octets stand in front of the frame. The nearer come first: an Ethernet frame with a VLAN
# tag makes sense from its fifth octet on too, but not from four octets in front of it.
DISTANCES: Final = (0, 4, 8, 12)

# Pseudowires of RFC 4446 §3.2, the usual first. Ethernet and PPP go before IP, since IP stands
# inside them at a multiple of four octets too.
FRAMES: Final = (
    Id("link", 1),
    PPP,
    Id("link", 104),  # Cisco HDLC
    Id("link", 101),
)

NOTHING: Final = Id("l2tp.control", 0)


def peel_ip(data: memoryview) -> Header:
    """Take off the header of version 3 as it is directly over IP (RFC 3931 §4.1.1).

    Session 0 is no session: a control message follows (RFC 3931 §4.1.1.2).

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < SESSION.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (session,) = SESSION.unpack_from(data)
    rest = data[SESSION.size :]
    if not session:
        return Header(name="l2tp", next=NOTHING, rest=rest)
    return _readings(session, rest)


def peel_udp(data: memoryview) -> Header:
    """Take off the header of version 2 or 3 as it is over UDP.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for a control message, any other
            version, a length that ends inside the header, and session 0 in version 3.
    """
    if len(data) < FLAGS.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (flags,) = FLAGS.unpack_from(data)
    if flags & CONTROL:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if flags & VERSION == 3:
        return _version_3(data)
    if flags & VERSION == 2:
        return _version_2(data, flags)
    raise WireError(Anomaly.HEADER_MALFORMED, 1)


def _version_3(data: memoryview) -> Header:
    """Read what stands over UDP: the flags, two reserved octets, the session (§4.1.2.1)."""
    if len(data) < 8:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (session,) = SESSION.unpack_from(data, 4)
    if not session:
        raise WireError(Anomaly.HEADER_MALFORMED, 4)
    return _readings(session, data[8:])


def _readings(session: int, rest: memoryview) -> Header:
    return either(
        *(
            Header(name="l2tp", tag=session, next=frame, rest=rest[distance:])
            for frame in FRAMES
            for distance in DISTANCES
        )
    )


def _version_2(data: memoryview, flags: int) -> Header:
    """Read length, identifiers, sequence numbers, offset and its padding, in this order."""
    start = FLAGS.size
    end = len(data)
    if flags & HAS_LENGTH:
        end = _number(data, start)
        start += 2
    session = _number(data, start + 2)
    start += 4
    if flags & HAS_SEQUENCE:
        start += 4
    if flags & HAS_OFFSET:
        start += 2 + _number(data, start)
    if len(data) < start:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if end < start:
        raise WireError(Anomaly.HEADER_MALFORMED, 2)
    return Header(
        name="l2tp",
        tag=session,
        next=PPP,
        rest=data[start:end],
        missing=max(0, end - len(data)),
    )


def _number(data: memoryview, start: int) -> int:
    if len(data) < start + 2:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return int.from_bytes(data[start : start + 2], "big")
