"""SipHash-1-3 (Aumasson and Bernstein, 2012) over the labels of a name, from the right.

Each label is its length and its octets, ASCII letters folded, filled up with zeros to a whole
number of 64-bit words; the words of the last label come first. Nothing else reads as the same
words, so only equal names have equal input, and the state after each label, finished, is the hash
of the name that begins there: one pass gives every suffix. The key is the process's own, or
whoever sends names could have them collide.
"""

import numpy as np

from sensor.sieve.compiled import Integer, State, kernel

_EVEN = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH = np.uint64(0x8080808080808080)
_FROM_A = np.uint64(0x3F3F3F3F3F3F3F3F)  # 0x80 - "A" in each octet
_PAST_Z = np.uint64(0x2525252525252525)  # 0x7f - "Z"
_TWO = np.uint64(2)

_V0 = np.uint64(0x736F6D6570736575)
_V1 = np.uint64(0x646F72616E646F6D)
_V2 = np.uint64(0x6C7967656E657261)
_V3 = np.uint64(0x7465646279746573)
_FINISH = np.uint64(0xFF)
_13, _16, _17, _21, _32 = (np.uint64(bits) for bits in (13, 16, 17, 21, 32))
_51, _48, _47, _43 = (np.uint64(64 - bits) for bits in (13, 16, 17, 21))
_56 = np.uint64(56)


@kernel
def fold(word: Integer) -> Integer:
    """Fold the ASCII capitals among eight octets, exactly those."""
    low = word & _EVEN
    is_capital = ((low + _FROM_A) ^ (low + _PAST_Z)) & ~word & _HIGH
    return word | (is_capital >> _TWO)


@kernel
def sipround(a: Integer, b: Integer, c: Integer, d: Integer) -> State:
    """One round on the four words of state."""
    a += b
    b = (b << _13) | (b >> _51)
    b ^= a
    a = (a << _32) | (a >> _32)
    c += d
    d = (d << _16) | (d >> _48)
    d ^= c
    a += d
    d = (d << _21) | (d >> _43)
    d ^= a
    c += b
    b = (b << _17) | (b >> _47)
    b ^= c
    c = (c << _32) | (c >> _32)
    return a, b, c, d


@kernel
def begun(first: Integer, second: Integer) -> State:
    """The state before any word, of the key's two halves."""
    return first ^ _V0, second ^ _V1, first ^ _V2, second ^ _V3


@kernel
def taken(a: Integer, b: Integer, c: Integer, d: Integer, word: Integer) -> State:
    """Take one word in."""
    a, b, c, d = sipround(a, b, c, d ^ word)
    return a ^ word, b, c, d


@kernel
def finished(a: Integer, b: Integer, c: Integer, d: Integer, octets: Integer) -> Integer:
    """The hash of the so many octets taken in, a multiple of eight: with their number as last."""
    a, b, c, d = taken(a, b, c, d, np.uint64(octets) << _56)
    a, b, c, d = sipround(a, b, c ^ _FINISH, d)
    a, b, c, d = sipround(a, b, c, d)
    a, b, c, d = sipround(a, b, c, d)
    return a ^ b ^ c ^ d
