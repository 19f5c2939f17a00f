"""What the BSDs' packet filter logs: a header of many lengths in front of an IP packet.

Source: pflog(4), and https://www.tcpdump.org/linktypes.html, LINKTYPE_PFLOG.
"""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

# Up to the direction, as NetBSD 3 has it; later systems added to it. The length counts no
# padding, which follows up to a multiple of four octets.
SHORTEST: Final = 45


def peel(data: memoryview) -> Header:
    """Take off the header and its padding.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the length is below the shortest.
    """
    if len(data) < SHORTEST:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    length, family = data[0], data[1]
    if length < SHORTEST:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    size = length + -length % 4
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return Header(name="pflog", next=Id("family", family), rest=data[size:])
