"""What the river counts on its way: plain numbers, by name."""

from collections import Counter

import msgspec

from sensor.anomalies import Anomaly


class Counters(msgspec.Struct):
    """`octets` are those captured, `dns_messages` those on the configured ports.

    `anomalies` counts by `Anomaly`, `leftovers` the frames that gave no packet by what they were,
    `evicted` what a bound made leave early, by stage.
    """

    frames: int = 0
    octets: int = 0
    dns_messages: int = 0
    alerts: int = 0
    exempt_lookups: int = 0
    anomalies: Counter[Anomaly] = msgspec.field(default_factory=Counter)
    leftovers: Counter[str] = msgspec.field(default_factory=Counter)
    evicted: Counter[str] = msgspec.field(default_factory=Counter)
