"""Find DNS in a UDP payload and test its names against the watch list (RFC 1035 §4).

`is_dns` and `has_question` are those of `sensor.dns.shape`. `is_watched` reads what
`sensor.dns.decode` reads, in its order, and looks where `Watch.concerns` looks: at every question's
name, and in a response at owner and target of each record whose target a resolver follows. Where
these read a name, it is read the same here; where they give one up, it may be read here all the
same: a name that is watched then passes for nothing.

A payload lies from `base` to `stop`, which is within `octets`; every read is behind a test for it.
"""

import numpy as np

from sensor.sieve.compiled import Integer, Integers, Octets, Pair, Words, kernel, part
from sensor.sieve.siphash import begun, finished, fold, taken

HEADER = 12
QUESTION = 4  # behind the name: type and class
RECORD = 10  # behind the owner: type, class, TTL, length of the rdata
RECORD_LEAST = 11
LONGEST_LABEL = 63
LONGEST_NAME = 255
POINTER = 0xC0

# The types whose target a resolver follows, as in `sensor.watch.ROLES`, and how many octets of
# the rdata stand in front of it.
CNAME, DNAME, SVCB, HTTPS = 5, 39, 64, 65
PRIORITY = 2  # of SVCB and HTTPS, RFC 9460 §2.2

# Labels and pointers followed in one message, as in `sensor.dns.names`, which remembers the names
# that it has read: where that gives up, this has long done so.
STEPS_PER_OCTET = 4
FEWEST_STEPS = 1024

UNWATCHED, IS_WATCHED, TOO_LONG = 0, 1, 2

_0, _1, _2, _3, _4, _5, _6, _7, _8 = (np.uint64(number) for number in range(9))
_16, _24, _32, _40, _48, _56 = (np.uint64(8 * number) for number in range(2, 8))
_63 = np.uint64(63)
_58, _52, _46 = np.uint64(58), np.uint64(52), np.uint64(46)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@part
def two(octets: Octets, at: Integer) -> Integer:
    """The number in two octets; both must be there."""
    return np.int64(octets[at]) << 8 | np.int64(octets[at + 1])


@part
def word(octets: Octets, at: Integer, stop: Integer, count: Integer) -> Integer:
    """The next `count` octets, at most eight, as a word whose first octet is the lowest."""
    value = _0
    if at < 0 or at + count > stop:
        return value
    if at + 8 <= stop:
        i = np.uint64(at)
        value = (
            np.uint64(octets[i])
            | np.uint64(octets[i + _1]) << _8
            | np.uint64(octets[i + _2]) << _16
            | np.uint64(octets[i + _3]) << _24
            | np.uint64(octets[i + _4]) << _32
            | np.uint64(octets[i + _5]) << _40
            | np.uint64(octets[i + _6]) << _48
            | np.uint64(octets[i + _7]) << _56
        )
        if count < 8:
            value &= (_1 << np.uint64(8 * count)) - _1
        return value
    for place in range(count):
        value |= np.uint64(octets[at + place]) << np.uint64(8 * place)
    return value


@part
def kept_parent(value: Integer) -> Integer:
    """What is kept of the hash of a name whose children are watched; 0 is an empty slot."""
    return value if value != _0 else _1


@part
def kept_exact(value: Integer) -> Integer:
    """What is kept of the hash of a name that is watched itself."""
    return kept_parent(value ^ _ALL)


@kernel
def is_kept(value: Integer, bloom: Words, slots: Words) -> bool:
    """Say whether a hash stands in the tables."""
    bits = _1 << (value >> _58) | _1 << (value >> _52 & _63) | _1 << (value >> _46 & _63)
    if bloom[np.int64(value & np.uint64(bloom.size - 1))] & bits != bits:
        return False
    last = slots.size - 1
    at = np.int64(value & np.uint64(last))
    for _ in range(slots.size):
        if slots[at] == value:
            return True
        if slots[at] == _0:
            return False
        at = at + 1 & last
    return False


@part
def skipped(octets: Octets, at: Integer, stop: Integer) -> Integer:
    """Find the end of a name in place, as `sensor.dns.names.skip`; -1 where it has none."""
    while at < stop:
        length = np.int64(octets[at])
        if length > LONGEST_LABEL:
            return at + 2 if length >= POINTER and at + 2 <= stop else np.int64(-1)
        at += 1 + length
        if length == 0:
            return at
    return np.int64(-1)


@part
def followed(
    octets: Octets, base: Integer, at: Integer, stop: Integer, steps: Integer, scratch: Integers
) -> Pair:
    """Follow a name's labels and pointers, and note in `scratch` where each label is.

    A pointer must lead to before itself; so a loop has labels in it, and ends where the name is
    too long. Gives the number of labels, -1 where the name cannot be read, and the steps left.
    """
    count: Integer = 0
    total: Integer = 1
    while steps > 0:
        steps -= 1
        if at >= stop:
            return np.int64(-1), steps
        length = np.int64(octets[at])
        if length == 0:
            return np.int64(count), steps
        if length <= LONGEST_LABEL:
            total += 1 + length
            if total > LONGEST_NAME or count >= scratch.size or at + 1 + length > stop:
                return np.int64(-1), steps
            scratch[count] = at
            count += 1
            at += 1 + length
        else:
            if length < POINTER or at + 2 > stop:
                return np.int64(-1), steps
            target = base + ((length & 0x3F) << 8 | np.int64(octets[at + 1]))
            if target >= at:
                return np.int64(-1), steps
            at = target
    return np.int64(-1), steps


@part
def is_name_kept(
    octets: Octets,
    stop: Integer,
    count: Integer,
    scratch: Integers,
    keys: Words,
    bloom: Words,
    slots: Words,
) -> bool:
    """Hash the labels from the last to the first; test each parent, and the whole name."""
    a, b, c, d = begun(keys[0], keys[1])
    size = 0
    for place in range(count - 1, -1, -1):
        at = scratch[place]
        end = at + 1 + np.int64(octets[at]) if 0 <= at < stop else at
        while at < end:
            some = min(end - at, 8)
            a, b, c, d = taken(a, b, c, d, fold(word(octets, at, stop, some)))
            size += 8
            at += 8
        if place and is_kept(kept_parent(finished(a, b, c, d, size)), bloom, slots):
            return True
    return is_kept(kept_exact(finished(a, b, c, d, size)), bloom, slots)


@kernel
def is_watched(
    octets: Octets,
    base: Integer,
    stop: Integer,
    keys: Words,
    bloom: Words,
    slots: Words,
    scratch: Integers,
) -> Integer:
    """Say whether a message bears on a watched name; it has a header at least."""
    steps = FEWEST_STEPS + STEPS_PER_OCTET * (stop - base)
    is_response = octets[base + 2] & 0x80
    questions = two(octets, base + 4)
    at = base + HEADER
    for _ in range(questions):
        end = skipped(octets, at, stop)
        if end < 0 or end + QUESTION > stop:
            return UNWATCHED
        count, steps = followed(octets, base, at, stop, steps, scratch)
        if steps <= 0:
            return TOO_LONG
        if count >= 0 and is_name_kept(octets, stop, count, scratch, keys, bloom, slots):
            return IS_WATCHED
        at = end + QUESTION
    if not is_response:
        return UNWATCHED
    # Names that were tested, to which owners mostly point: the question's, and the last target.
    first = HEADER if questions else -1
    latest = -1
    records = two(octets, base + 6) + two(octets, base + 8) + two(octets, base + 10)
    for _ in range(records):
        end = skipped(octets, at, stop)
        if end < 0 or end + RECORD > stop:
            return UNWATCHED
        kind = two(octets, end)
        data = end + RECORD
        after = data + two(octets, end + 8)
        if after > stop:
            return UNWATCHED
        if kind in (CNAME, DNAME, SVCB, HTTPS):
            pointed = -2
            if end == at + 2 and octets[at] >= POINTER:
                pointed = two(octets, at) & 0x3FFF
            if pointed != first and pointed != latest:
                count, steps = followed(octets, base, at, stop, steps, scratch)
                if count >= 0 and is_name_kept(octets, stop, count, scratch, keys, bloom, slots):
                    return IS_WATCHED
            if kind in (SVCB, HTTPS):
                data += PRIORITY
            if data < after:
                count, steps = followed(octets, base, data, stop, steps, scratch)
                if count >= 0 and is_name_kept(octets, stop, count, scratch, keys, bloom, slots):
                    return IS_WATCHED
                latest = data - base
            if steps <= 0:
                return TOO_LONG
        at = after
    return UNWATCHED


@part
def question_end(octets: Octets, base: Integer, stop: Integer) -> Integer:
    """Find where a first question in strict shape ends, -1 where it is none."""
    at = base + HEADER
    last = min(stop - 5, base + HEADER + 254)
    while at <= last:
        length = np.int64(octets[at])
        if length > LONGEST_LABEL:
            return np.int64(-1)
        at += 1 + length
        if length == 0:
            kind = two(octets, at + 2)
            return at + 4 if kind == 1 or kind == 3 or kind == 255 else np.int64(-1)
    return np.int64(-1)


@kernel
def has_question(octets: Octets, base: Integer, stop: Integer) -> bool:
    """A header, and a first question in strict shape."""
    if stop - base < HEADER + 5 or two(octets, base + 4) == 0:
        return False
    return bool(question_end(octets, base, stop) >= 0)


@kernel
def is_dns(octets: Octets, base: Integer, stop: Integer) -> bool:
    """One whole message in strict shape."""
    if (
        stop - base < HEADER + 5
        or two(octets, base + 4) != 1
        or octets[base + 2] & 0x78
        or octets[base + 3] & 0x40
    ):
        return False
    answers = two(octets, base + 6)
    if answers and not octets[base + 2] & 0x80:
        return False
    records = answers + two(octets, base + 8) + two(octets, base + 10)
    if base + HEADER + 5 + records * RECORD_LEAST > stop:
        return False
    at = question_end(octets, base, stop)
    if at < 0 or at + records * RECORD_LEAST > stop:
        return False
    for _ in range(records):
        at = skipped(octets, at, stop)
        if at < 0 or at + RECORD > stop:
            return False
        at += RECORD + two(octets, at + 8)
        if at > stop:
            return False
    return bool(at == stop)
