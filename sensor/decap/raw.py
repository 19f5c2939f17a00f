"""Raw IP: no link header at all, the first four bits say which IP it is."""

from sensor.anomalies import Anomaly
from sensor.decap import ipv4, ipv6
from sensor.decap.header import Network, WireError


def peel(data: memoryview) -> Network:
    """Take off the IP header of the version found, even where the link type names the other.

    Raises:
        WireError: `HEADER_TRUNCATED`, `HEADER_MALFORMED`.
    """
    if not data:
        raise WireError(Anomaly.HEADER_TRUNCATED, 0)
    version = data[0] >> 4
    if version == 4:
        return ipv4.peel(data)
    if version == 6:
        return ipv6.peel(data)
    raise WireError(Anomaly.HEADER_MALFORMED, 0)
