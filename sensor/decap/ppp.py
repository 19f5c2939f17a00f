"""PPP (RFC 1661 §2): the number of a protocol, as it stands in every tunnel that carries PPP."""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

# "All stations" and "unnumbered information": HDLC-like framing has them in front (RFC 1662
# §3.1) unless both sides agreed to leave them out (RFC 1661 §6.6).
ADDRESS_AND_CONTROL: Final = b"\xff\x03"


def peel(data: memoryview) -> Header:
    """Take off the protocol, and address and control where they are.

    The last octet of a protocol is odd and the one before it even (RFC 1661 §2), so a protocol
    that begins with an odd octet is compressed to that one (RFC 1661 §6.5).

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where two octets end in an even one.
    """
    start = len(ADDRESS_AND_CONTROL) if bytes(data[:2]) == ADDRESS_AND_CONTROL else 0
    end = start + 1
    if len(data) >= end and not data[start] & 1:
        end += 1
    if len(data) < end:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if not data[end - 1] & 1:
        raise WireError(Anomaly.HEADER_MALFORMED, end - 1)
    protocol = int.from_bytes(data[start:end], "big")
    return Header(name="ppp", next=Id("ppp", protocol), rest=data[end:])
