"""A packet: what is left of a frame once its headers are off, and the path of those headers."""

import msgspec

from sensor.anomalies import Anomaly
from sensor.stage import Nanoseconds


class Packet(msgspec.Struct, frozen=True, tag=True):
    """The innermost packet of one frame.

    Addresses are in the text form of RFC 4291/5952. `transport` is `udp` or `tcp`. `path` lists
    the headers taken off, outermost first: `("ethernet", "vlan:10", "ipv4", "udp")`.
    `payload` is what follows the transport header, cut to the lengths the headers state.
    `identification` is IPv4's (RFC 791), None in IPv6. `vlans` are the tags outermost first.
    """

    at: Nanoseconds
    src: str
    sport: int
    dst: str
    dport: int
    transport: str
    path: tuple[str, ...]
    payload: bytes
    identification: int | None = None
    vlans: tuple[int, ...] = ()
    interface: str = ""
    anomalies: tuple[Anomaly, ...] = ()
