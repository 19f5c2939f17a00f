"""VN-Tag, Cisco's E-TAG from before IEEE 802.1BR: interfaces, then a type or a length.

The numbers name interfaces, no network: they are not in the path.
"""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.ethernet import typed
from sensor.decap.header import Header, WireError

LAYOUT: Final = struct.Struct(">4xH")  # flags, destination and source interface


def peel(data: memoryview) -> Header:
    """Take off the four octets of the tag.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (kind,) = LAYOUT.unpack_from(data)
    return typed("vntag", kind, data[LAYOUT.size :])
