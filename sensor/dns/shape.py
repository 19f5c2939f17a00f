"""The shape by which a UDP payload off the configured ports is taken for a DNS message.

Any port can carry DNS, and most payloads are not DNS. The test reads header bits first and no more
than it must, holds no state and decodes nothing, so that a compiled kernel can do the very same:

  header     opcode QUERY, Z clear, exactly one question, no answers in a query
  room       each counted record is at least 11 octets: owner 1, type 2, class 2, TTL 4, length 2
  question   the name's labels lie inside the payload, are not compressed, and are at most 255
             octets with the root's; any type; class IN, CH or ANY
  whole      the counted records, skipped one by one, end exactly where the payload ends

To skip a record is to step over its owner in place (labels to the root, or to the first pointer,
wherever it leads), its ten fixed octets, and as many octets of rdata as they say. So a message that
was cut, or that has octets after it, is not taken for DNS here; on a configured port it is.
"""

from typing import Final

_HEADER: Final = 12
_RECORD_LEAST: Final = 11
_CLASSES: Final = frozenset({1, 3, 255})


def is_dns(payload: bytes) -> bool:
    """Tell whether a whole UDP payload is one DNS message in the shape above."""
    size = len(payload)
    if (
        size < _HEADER + 5  # the shortest question: the root, type and class
        or payload[4:6] != b"\0\1"
        or payload[2] & 0x78  # opcode
        or payload[3] & 0x40  # Z
    ):
        return False
    answers = payload[6] << 8 | payload[7]
    if answers and not payload[2] & 0x80:
        return False
    records = answers + (payload[8] << 8 | payload[9]) + (payload[10] << 8 | payload[11])
    if _HEADER + 5 + records * _RECORD_LEAST > size:
        return False
    at = _question_end(payload)
    if at < 0 or at + records * _RECORD_LEAST > size:
        return False
    for _ in range(records):
        at = _record_end(payload, at)
        if at < 0:
            return False
    return at == size


def has_question(payload: bytes) -> bool:
    """Tell whether a payload is at least a DNS header and a first question in that shape."""
    return len(payload) >= _HEADER + 5 and payload[4:6] != b"\0\0" and _question_end(payload) >= 0


def _question_end(payload: bytes) -> int:
    """Find where the question ends, -1 where it is none."""
    at = _HEADER
    size = len(payload)
    # Past 255 octets of name is past the last place where its root can be.
    last = min(size - 5, _HEADER + 254)
    while at <= last:
        length = payload[at]
        if length > 63:
            return -1
        at += 1 + length
        if not length:
            return at + 4 if (payload[at + 2] << 8 | payload[at + 3]) in _CLASSES else -1
    return -1


def _record_end(payload: bytes, at: int) -> int:
    """Find where the record that starts here ends, -1 where that is beyond the payload."""
    size = len(payload)
    while True:
        if at >= size:
            return -1
        length = payload[at]
        if length >= 0xC0:
            at += 2
            break
        if length > 63:
            return -1
        at += 1 + length
        if not length:
            break
    if at + 10 > size:
        return -1
    at += 10 + (payload[at + 8] << 8 | payload[at + 9])
    return at if at <= size else -1
