"""E-TAG (IEEE 802.1BR): ports of a switch and its extenders, then a type or a length.

The numbers name ports, no network: they are not in the path.
"""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.ethernet import typed
from sensor.decap.header import Header, WireError

LAYOUT: Final = struct.Struct(">6xH")  # priority, ingress and egress port, their extensions


def peel(data: memoryview) -> Header:
    """Take off the six octets of the tag.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (kind,) = LAYOUT.unpack_from(data)
    return typed("etag", kind, data[LAYOUT.size :])
