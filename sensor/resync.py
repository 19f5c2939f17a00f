"""Find where a DNS message begins among octets of a TCP stream whose beginning nobody saw.

A stream is a row of messages, each behind its length (RFC 1035 §4.2.2), and nothing marks where
one begins. So the octets are tried one after another: a length and the header behind it must fit,
then the first name with its type and class, and when all of it has come, the message as a whole
must be in the shape of `sensor.dns.shape`, so that random octets give no messages.

A message of a zone transfer but the first may lack the question (RFC 5936 §2.2.2): then it is a
response with answers, in the same shape otherwise.
"""

import re
import struct
from typing import Final

from sensor.dns.shape import is_dns

PREFIX: Final = 2  # the length before a message, itself not counted (RFC 1035 §4.2.2)

# What the cheapest test reads: length, id, flags, number of questions.
LEAST: Final = 8

# The length of the shortest message, 12 + 5 octets, or more; any id; opcode QUERY; Z clear; no
# question or one. Of random octets one place in a million passes.
_HEAD: Final = re.compile(
    rb"(?:[^\0].|\0[\x11-\xff])..[\x00-\x07\x80-\x87][\x00-\x3f\x80-\xbf]\0[\0\1]", re.DOTALL
)
_COUNTS: Final = struct.Struct("!HxxBxHHHH")  # length, first octet of the flags, the four counts
_HEADER: Final = 12
_RECORD_LEAST: Final = 11
_LONGEST_NAME: Final = 255
_CLASSES: Final = frozenset({1, 3, 255})
_ROOT_QUESTION: Final = b"\0\0\1\0\1"

# Whole messages looked at in one go. Each look may cost as much as the message is long, and crafted
# octets could hold a beginning every few octets. Real ones hold a false one now and then.
MOST_CHECKS: Final = 16

_UNFIT: Final = -1


def find(data: bytearray, at: int, *, to_come: bool) -> tuple[int, int]:
    """Find the first place where a message begins, or may begin when more octets are `to_come`.

    Args:
        data: The octets at hand.
        at: Where among them to begin.
        to_come: Whether to stop at what may be the beginning of a message not whole yet.

    Returns:
        The place, and how many octets from there on are wanted to judge it; 0 says that a message
        begins there. What stands before the place need not be looked at again.
    """
    checks = 0
    while checks < MOST_CHECKS:
        match = _HEAD.search(data, at)
        if match is None:
            return max(at, len(data) - LEAST + 1), LEAST
        at = match.start()
        wanted = _wanted(data, at)
        if wanted == 0:
            checks += 1
            if _is_whole(data, at):
                return at, 0
        elif wanted > 0 and to_come:
            return at, wanted
        at += 1
    return len(data), LEAST


def _wanted(data: bytearray, at: int) -> int:
    """Count the octets needed to go on judging a place; 0 when the whole message is at hand."""
    size = len(data) - at
    if size < PREFIX + _HEADER:
        return PREFIX + _HEADER
    length, flags, questions, answers, authorities, additionals = _COUNTS.unpack_from(data, at)
    is_response = bool(flags & 0x80)
    records = answers + authorities + additionals
    if (
        _HEADER + len(_ROOT_QUESTION) * questions + records * _RECORD_LEAST > length
        or (answers and not is_response)
        or not (questions or answers)
    ):
        return _UNFIT
    fits = _fits(data, at + PREFIX + _HEADER)
    if fits is False:
        return _UNFIT
    if size >= PREFIX + length:
        return 0
    return size + 1 if fits is None else PREFIX + length


def _fits(data: bytearray, at: int) -> bool | None:
    """Say whether a name, not compressed, stands here, a type and a known class; None: not yet."""
    last = at + _LONGEST_NAME - 1
    while at < len(data):
        length = data[at]
        if length > 63 or at > last:
            return False
        at += 1 + length
        if not length:
            ending = data[at + 2 : at + 4]
            return None if len(ending) < 2 else int.from_bytes(ending, "big") in _CLASSES
    return None


def _is_whole(data: bytearray, at: int) -> bool:
    length = int.from_bytes(data[at : at + PREFIX], "big")
    message = bytes(data[at + PREFIX : at + PREFIX + length])
    if message[5]:
        return is_dns(message)
    # Without its question it is in shape when it is so with the shortest one.
    return is_dns(message[:4] + b"\0\1" + message[6:12] + _ROOT_QUESTION + message[12:])
