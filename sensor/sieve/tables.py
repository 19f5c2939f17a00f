"""What the kernels look up: the watched names as hashes, and what follows which header.

The names stand in a table of hashes with a filter of bits in front, which fits a near cache and
answers for nearly every name that is not watched. Of an exact name the complement of its hash is
kept, of all names below one its hash: so every place in a name is tested for one thing, its
beginning for an exact name and any other for a parent.
"""

import os
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensor.decap import (
    chdlc,
    cooked,
    erspan,
    etag,
    etherip,
    ethernet,
    geneve,
    gre,
    gtp,
    ipv4,
    ipv6,
    itag,
    l2tp,
    llc,
    loopback,
    mpls,
    nsh,
    ppp,
    pppoe,
    raw,
    tcp,
    teredo,
    tzsp,
    udp,
    vlan,
    vntag,
    vxlan,
    vxlan_gpe,
)
from sensor.decap.unwrap import KNOWN, TABLE
from sensor.sieve.compiled import Integer, Octets, Words, kernel
from sensor.sieve.message import kept_exact, kept_parent, word
from sensor.sieve.siphash import begun, finished, fold, taken

WORD: Final = 8
LEAST_SLOTS: Final = 64
BITS_A_NAME: Final = 16  # three of them set: one in two hundred other names gets past the filter
KEY_OCTETS: Final = 16
MOST_LABELS: Final = 128  # in 255 octets with the root: RFC 1035 §2.3.4


class Kind(IntEnum):
    """What a number in front says that follows.

    Kinds that have one name in the river agree in their low four bits, by which `frame.sought`
    counts them: ERSPAN (type I is ETHERNET_OR_IP), and L2TP over UDP and IP.
    """

    # The first two end a way.
    NOWHERE = 0  # no line of TABLE
    NAMED = 1  # nor that, but the river knows its name
    OTHER = 2  # the river can take it off, and the kernels cannot
    ETHERNET = 3
    VLAN = 4
    IPV4 = 5
    IPV6 = 6
    UDP = 7
    TCP = 8
    RAW = 9
    LLC = 10
    MPLS = 11
    PPPOE = 12
    PPP = 13
    GRE = 14
    ERSPAN_II = 15
    VXLAN = 16
    GENEVE = 17
    L2TP_UDP = 18
    SLL = 19
    SLL2 = 20
    NULL = 21
    LOOP = 22
    SERIAL = 23
    GTP = 24
    CHDLC = 25
    NSH = 26
    ITAG = 27
    VNTAG = 28
    ETAG = 29
    ETHERIP = 30
    ERSPAN_III = 31
    VXLAN_GPE = 32
    TEREDO = 33
    L2TP_IP = 34
    TZSP = 40
    # No header, but what one led to.
    FRAGMENT = 41
    PAYLOAD = 42  # of a UDP that no tunnel explains
    # What has several readings, see `sensor.sieve.readings`; no other kind is above these.
    TUNNELS = 49
    IP_OR_ETHERNET = 50
    ETHERNET_OR_WORDED = 51
    SESSION = 52
    ETHERNET_OR_IP = 63


_KINDS: Final[dict[Callable[..., Any], Kind]] = {
    ethernet.peel: Kind.ETHERNET,
    vlan.peel: Kind.VLAN,
    ipv4.peel: Kind.IPV4,
    ipv6.peel: Kind.IPV6,
    udp.peel: Kind.UDP,
    tcp.peel: Kind.TCP,
    raw.peel: Kind.RAW,
    llc.peel: Kind.LLC,
    mpls.peel: Kind.MPLS,
    pppoe.peel: Kind.PPPOE,
    ppp.peel: Kind.PPP,
    gre.peel: Kind.GRE,
    erspan.peel_ii: Kind.ERSPAN_II,
    erspan.peel_iii: Kind.ERSPAN_III,
    vxlan.peel: Kind.VXLAN,
    geneve.peel: Kind.GENEVE,
    gtp.peel: Kind.GTP,
    cooked.peel_v1: Kind.SLL,
    cooked.peel_v2: Kind.SLL2,
    loopback.peel_null: Kind.NULL,
    loopback.peel_loop: Kind.LOOP,
    chdlc.peel: Kind.CHDLC,
    chdlc.peel_serial: Kind.SERIAL,
    itag.peel: Kind.ITAG,
    vntag.peel: Kind.VNTAG,
    etag.peel: Kind.ETAG,
    nsh.peel: Kind.NSH,
    etherip.peel: Kind.ETHERIP,
    vxlan_gpe.peel: Kind.VXLAN_GPE,
    teredo.peel: Kind.TEREDO,
    tzsp.peel: Kind.TZSP,
    l2tp.peel_udp: Kind.L2TP_UDP,
    l2tp.peel_ip: Kind.L2TP_IP,
}

# The registers, each with room for 65,536 numbers.
LINK: Final = 0
ETHERTYPE: Final = 1 << 16
IP: Final = 2 << 16
PPP: Final = 3 << 16
FAMILY: Final = 4 << 16
PORT: Final = 5 << 16
_SPACES: Final = {
    "link": LINK,
    "ethertype": ETHERTYPE,
    "ip": IP,
    "ppp": PPP,
    "family": FAMILY,
    "udp.port": PORT,
}
_NUMBERS: Final = 6 << 16

# With a port's kind: it is a configured DNS port.
CONFIGURED: Final = 0x80
KIND_BITS: Final = 0x7F


class Tables(NamedTuple):
    """All that kernels look up. It is never written to, so threads may share it."""

    kinds: NDArray[np.uint8]
    keys: NDArray[np.uint64]
    bloom: NDArray[np.uint64]
    slots: NDArray[np.uint64]
    any_port: bool

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        ports: frozenset[int],
        *,
        any_port: bool,
        vxlan_ports: Iterable[int] = (),
        key: bytes | None = None,
    ) -> "Tables":
        """Make the tables for canonical rule names, exact or with a dot in front, never `*`.

        `key` is SipHash's, sixteen octets; without it it is drawn anew.
        """
        drawn = os.urandom(KEY_OCTETS) if key is None else key
        keys = np.frombuffer(drawn, dtype="<u8").astype(np.uint64)
        hashes = _hashes(names, keys)
        return cls(
            kinds=_kinds(ports, vxlan_ports),
            keys=keys,
            bloom=_bloom(hashes),
            slots=_slots(hashes),
            any_port=any_port,
        )

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What to hand to `judge`; the last is written to, so each thread takes its own."""
        scratch = np.zeros(MOST_LABELS, dtype=np.int64)
        return (self.kinds, self.keys, self.bloom, self.slots, np.int64(self.any_port), scratch)


def labels(name: str) -> list[bytes]:
    """Part a canonical name into its labels' octets, the escapes taken off."""
    if name == ".":
        return []
    if "\\" not in name:
        return name.encode("ascii").split(b".")
    parted = [bytearray()]
    written = name.encode("ascii")
    at = 0
    while at < len(written):
        octet = written[at]
        if octet == ord("\\") and written[at + 1 : at + 4].isdigit():
            parted[-1].append(int(written[at + 1 : at + 4]))
            at += 4
        elif octet == ord("\\"):
            parted[-1].append(written[at + 1])
            at += 2
        elif octet == ord("."):
            parted.append(bytearray())
            at += 1
        else:
            parted[-1].append(octet)
            at += 1
    return [bytes(label) for label in parted]


@kernel
def hash_names(octets: Octets, is_parent: Octets, keys: Words, hashes: Words) -> None:
    """Write what is kept of each name; `octets` holds them as on the wire, one after another."""
    stop: Integer = octets.size
    at: Integer = 0
    for place in range(hashes.size):
        a, b, c, d = begun(keys[0], keys[1])
        size = 0
        # The labels come last one first already.
        while at < stop and octets[at]:
            end = at + 1 + np.int64(octets[at])
            while at < end:
                some = min(end - at, WORD)
                a, b, c, d = taken(a, b, c, d, fold(word(octets, at, stop, some)))
                size += WORD
                at += some
        at += 1
        value = finished(a, b, c, d, size)
        hashes[place] = kept_parent(value) if is_parent[place] else kept_exact(value)


def _hashes(names: Iterable[str], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """What is kept of the names, each once."""
    told = sorted(set(names))
    is_parent = np.array([name.startswith(".") and name != "." for name in told], dtype=np.uint8)
    wire = bytearray()
    for name, below in zip(told, is_parent, strict=True):
        for label in reversed(labels(name[below:])):
            wire.append(len(label))
            wire += label
        wire.append(0)
    hashes = np.zeros(len(told), dtype=np.uint64)
    hash_names(np.frombuffer(bytes(wire), dtype=np.uint8), is_parent, keys, hashes)
    return np.unique(hashes)


def _power(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()


def _bloom(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Three bits in one word for each hash: the low bits choose the word, the high the bits."""
    words = np.zeros(_power(max(LEAST_SLOTS, len(hashes) * BITS_A_NAME // 64)), dtype=np.uint64)
    one = np.uint64(1)
    bits = np.zeros(len(hashes), dtype=np.uint64)
    for shift in (58, 52, 46):
        bits |= one << (hashes >> np.uint64(shift) & np.uint64(63))
    np.bitwise_or.at(words, (hashes & np.uint64(len(words) - 1)).astype(np.int64), bits)
    return words


def _slots(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """An open table at most a half full; who finds a slot taken takes the next."""
    slots = np.zeros(_power(max(LEAST_SLOTS, 2 * len(hashes))), dtype=np.uint64)
    for value in hashes:
        at = int(value) & (len(slots) - 1)
        while slots[at]:
            at = at + 1 & (len(slots) - 1)
        slots[at] = value
    return slots


def _kinds(ports: Iterable[int], vxlan_ports: Iterable[int]) -> NDArray[np.uint8]:
    """Say of each number of each register what follows; what TABLE has and we do not is OTHER."""
    kinds = np.zeros(_NUMBERS, dtype=np.uint8)
    for of in KNOWN:
        if of.space in _SPACES:
            kinds[_SPACES[of.space] + of.number] = Kind.NAMED
    for of, peel in TABLE.items():
        if of.space in _SPACES:
            kinds[_SPACES[of.space] + of.number] = _KINDS.get(peel, Kind.OTHER)
    for port in vxlan_ports:
        kinds[PORT + port] = Kind.VXLAN
    for port in ports:
        kinds[PORT + port] |= CONFIGURED
    return kinds
