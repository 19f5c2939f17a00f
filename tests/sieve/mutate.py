"""Change frames and captures as a fuzzer does: a few small changes, each out of a table."""

import random
import struct
from collections.abc import Callable, Sequence
from typing import Final

from tests.sieve.carriage import LINKS, TUNNELS
from tests.sieve.near import ASKED, NAMES

MOST: Final = 4
LARGEST: Final = 20_000  # octets: what grows is cut there

# What counts, lengths and types are set to: edges, and numbers that mean something.
NUMBERS: Final = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 17, 20, 39, 40, 47, 53, 63, 64, 65, 128, 192, 255, 256),
    *(0x0800, 0x86DD, 0x8100, 0x8847, 0x8864, 0x88BE, 0x22EB, 0x6558, 0xC00C, 0x7FFF, 0x8000),
    *(2152, 4789, 5353, 6081, 0xFFFE, 0xFFFF),
)

Chance = random.Random
Octets = bytes


def _place(chance: Chance, octets: Octets) -> int:
    return chance.randrange(len(octets) + 1)


def flip(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Turn one bit over."""
    if not octets:
        return octets
    at = chance.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]


def set_octet(chance: Chance, octets: Octets, _: Octets) -> Octets:
    at = _place(chance, octets)
    return octets[:at] + bytes([chance.choice(NUMBERS) & 0xFF]) + octets[at + 1 :]


def set_two(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Set a 16-bit field, to a number that means something or to what is left behind it."""
    at = _place(chance, octets)
    rest = len(octets) - at + chance.randrange(-3, 4)
    number = chance.choice([chance.choice(NUMBERS), rest]) & 0xFFFF
    return octets[:at] + struct.pack("!H", number) + octets[at + 2 :]


def set_four(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Set a 32-bit field in either order: lengths and times of captures."""
    at = _place(chance, octets)
    number = chance.choice([0, 1, 16, 28, 32, 262144, 262145, 1 << 31, (1 << 32) - 1, len(octets)])
    return octets[:at] + struct.pack(chance.choice("<>") + "I", number) + octets[at + 4 :]


def cut(chance: Chance, octets: Octets, _: Octets) -> Octets:
    return octets[: _place(chance, octets)]


def set_last(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Begin something in the last octet that has no room there: a pointer, a label, a length."""
    return octets[:-1] + bytes([chance.choice([0xC0, 0xFF, 0x3F, 0x01, 0x00])])


def remove(chance: Chance, octets: Octets, _: Octets) -> Octets:
    at = _place(chance, octets)
    return octets[:at] + octets[at + chance.choice([1, 2, 4, 8, 20]) :]


def repeat(chance: Chance, octets: Octets, _: Octets) -> Octets:
    at = _place(chance, octets)
    size = chance.choice([1, 2, 4, 12, 40])
    return octets[: at + size] + octets[at:]


def insert(chance: Chance, octets: Octets, _: Octets) -> Octets:
    at = _place(chance, octets)
    return octets[:at] + chance.randbytes(chance.choice([1, 2, 4, 8])) + octets[at:]


def splice(chance: Chance, octets: Octets, other: Octets) -> Octets:
    """The beginning of one and the end of the other."""
    return octets[: _place(chance, octets)] + other[_place(chance, other) :]


def overlay(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Put a name over what is there: watched, nearly watched, or a pointer."""
    at = _place(chance, octets)
    name = NAMES[chance.choice(list(NAMES))](chance)
    name = chance.choice([ASKED, name, struct.pack("!H", 0xC000 | chance.randrange(64))])
    return octets[:at] + name + octets[at + len(name) :]


def wrap(chance: Chance, octets: Octets, _: Octets) -> Octets:
    """Put what may be an IP packet into a tunnel and onto a link."""
    packet = octets[14:] or b"\x45"
    packet = TUNNELS[chance.choice(list(TUNNELS))](packet[:LARGEST])
    return LINKS[chance.choice(list(LINKS))](packet)


CHANGES: Final[Sequence[Callable[[Chance, Octets, Octets], Octets]]] = (
    *(flip, set_octet, set_two, set_four, set_last),
    *(cut, remove, repeat, insert, splice, overlay, wrap),
)


def changed(chance: Chance, octets: Octets, other: Octets) -> Octets:
    """Change octets up to so many times, now and then with those of another."""
    for _ in range(chance.randint(1, MOST)):
        octets = chance.choice(CHANGES)(chance, octets, other)[:LARGEST]
    return octets
