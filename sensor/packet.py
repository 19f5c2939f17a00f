"""A packet: what is left of a frame once its headers are off, and the path of those headers.

A fragment is a part of one, and a datagram is put together of them.
"""

import msgspec

from sensor.anomalies import Anomaly
from sensor.stage import Nanoseconds


class Packet(msgspec.Struct, frozen=True, tag=True):
    """The innermost packet of one frame, or one DNS message cut from a TCP stream.

    Addresses are in the text form of RFC 4291/5952. `transport` is `udp` or `tcp`. `path` lists
    the headers taken off, outermost first: `("ethernet", "vlan:10", "ipv4", "udp")`.
    `payload` is what follows the transport header, cut to the lengths the headers state.
    `identification` is IPv4's (RFC 791), None in IPv6. `vlans` are the tags outermost first.
    Of TCP (RFC 9293 §3.1) `sequence` is the number of the payload's first octet, or of SYN, and
    `control` holds the control bits, FIN the lowest; both are 0 in UDP. `late` is the frame's.
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
    sequence: int = 0
    control: int = 0
    late: Nanoseconds | None = None


class Fragment(msgspec.Struct, frozen=True, tag=True):
    """A part of an IP datagram; `path` ends with the IP header whose datagram is in parts.

    `version` is 4 or 6. `protocol` is the number of what the whole datagram begins with (in IPv6
    only the first fragment's counts, RFC 8200 §4.5), `offset` where these octets stand in it,
    `more` that others follow them. `missing` counts octets of this part that were not captured.
    `late` is the frame's.
    """

    at: Nanoseconds
    version: int
    src: str
    dst: str
    identification: int
    protocol: int
    offset: int
    more: bool
    data: bytes
    path: tuple[str, ...]
    missing: int = 0
    vlans: tuple[int, ...] = ()
    interface: str = ""
    anomalies: tuple[Anomaly, ...] = ()
    late: Nanoseconds | None = None


class Datagram(msgspec.Struct, frozen=True, tag=True):
    """An IP datagram put together; its fields are those of its fragments."""

    at: Nanoseconds
    version: int
    src: str
    dst: str
    identification: int
    protocol: int
    data: bytes
    path: tuple[str, ...]
    vlans: tuple[int, ...] = ()
    interface: str = ""
    anomalies: tuple[Anomaly, ...] = ()
