"""Read domain names from the wire, and bring name text to the one form all comparisons use.

The text of a name is its labels joined by dots, without the last dot; the root is `.`. Octets
that are no part of a plain name are escaped (RFC 1035 §5.1, RFC 4343 §2.1): `"().;\\@$` by a
backslash, all below 0x21 and above 0x7e as `\\DDD`. So two texts are equal exactly when the labels
are, octet by octet, and without ASCII case once both are lower case: an escape holds no capitals.

A name may end in a pointer to an earlier one (RFC 1035 §4.1.4). RFC 9267 tells what goes wrong
there: loops, and names that cost far more than their octets. Here each pointer must lead to before
the labels it follows, so nothing loops, and each offset's name is built once a message, so many
names with a long tail cost no more than that tail.
"""

import re
from typing import Final, NamedTuple

from sensor.anomalies import Anomaly

ROOT: Final = "."

# RFC 1035 §2.3.4. 127 labels of one octet and the root are 255 octets, so no count is needed.
ID_OCTETS: Final = 2  # a message begins with its id: RFC 1035 §4.1.1
LONGEST_LABEL: Final = 63
LONGEST_NAME: Final = 255

# A pointer has 14 bits: names that start later are nobody's tail.
_POINTER_REACH: Final = 1 << 14

# Labels and pointers followed in one message, per octet of it. Names that can be read stay below
# 1: each offset is walked once. Only unreadable names, which are not kept, are walked again.
_STEPS_PER_OCTET: Final = 4
_FEWEST_STEPS: Final = 1024

# dnspython's set, which is that of RFC 1035's master files.
_BACKSLASHED: Final = b'"().;\\@$'
_PLAIN: Final = bytes(octet for octet in range(0x21, 0x7F) if octet not in _BACKSLASHED)
_ESCAPED: Final = tuple(
    f"\\{octet:03d}"
    if not 0x20 < octet < 0x7F
    else f"\\{octet:c}"
    if octet in _BACKSLASHED
    else chr(octet)
    for octet in range(256)
)

# One unit of name text: an escaped octet by number, an escaped octet, a dot, or any other octet.
_UNIT: Final = re.compile(rb"\\(?P<number>[0-9]{3})|\\(?P<octet>[^0-9])|(?P<dot>\.)|[^\\]")


class WireError(Exception):
    """Damage that ends the reading of one name, field or record; it never leaves this package."""

    def __init__(self, anomaly: Anomaly) -> None:
        super().__init__(anomaly)
        self.anomaly = anomaly


class _Name(NamedTuple):
    text: str
    octets: int  # uncompressed, with the root's
    end: int  # the offset after it in place


class Names:
    """The names of one message, each built once.

    `are_of_id` says that a pointer led to the message's id, which counts as a part of a name then.
    """

    __slots__ = ("_known", "_steps", "_wire", "are_of_id")

    def __init__(self, wire: bytes) -> None:
        self.are_of_id = False
        self._wire = wire
        self._known: dict[int, _Name] = {}
        self._steps = _FEWEST_STEPS + _STEPS_PER_OCTET * len(wire)

    def read(self, offset: int) -> tuple[str, int]:
        """Read the name at an offset, following pointers.

        Args:
            offset: Where the name starts, in octets from the message's first.

        Returns:
            The name's text, case as sent, and the offset after it *in place*: after the first
            pointer, not after what it points to.

        Raises:
            WireError: `NAME_TRUNCATED`, `NAME_TOO_LONG`, `LABEL_TYPE_UNKNOWN`, `POINTER_FORWARD`,
                `POINTER_OUTSIDE`, `POINTER_LOOP`, `POINTERS_TOO_MANY`.
        """
        name = self._known.get(offset) or self._walk(offset)
        return name.text, name.end

    def _walk(self, offset: int) -> _Name:
        """Follow labels and pointers to the root or a known name, then name every start passed."""
        wire, known = self._wire, self._known
        passed: list[tuple[int, int]] = []  # a label's or pointer's offset, the offset after it
        at = run = offset  # a run of labels; its pointer must lead to before it
        octets = 1
        while (name := known.get(at)) is None:
            self._steps -= 1
            if self._steps < 0:
                raise WireError(Anomaly.POINTERS_TOO_MANY)
            if at >= len(wire):
                raise WireError(Anomaly.NAME_TRUNCATED)
            length = wire[at]
            if length == 0:
                name = _Name(ROOT, 1, at + 1)
                break
            if length <= LONGEST_LABEL:
                passed.append((at, at + 1 + length))
                at += 1 + length
                octets += 1 + length
                if octets > LONGEST_NAME:
                    raise WireError(Anomaly.NAME_TOO_LONG)
                continue
            target = _target(wire, at, run)
            self.are_of_id |= target < ID_OCTETS
            passed.append((at, 0))
            at = run = target
        return self._keep(passed, name)

    def _keep(self, passed: list[tuple[int, int]], name: _Name) -> _Name:
        """Put the labels before the name, last one first, and keep each for later pointers."""
        text, octets, end = name
        for at, after in reversed(passed):
            if not after:
                end = at + 2
            else:
                label = self._wire[at + 1 : after]
                octets += after - at
                if octets > LONGEST_NAME:
                    raise WireError(Anomaly.NAME_TOO_LONG)
                plain = escape(label)
                text = plain if text == ROOT else f"{plain}.{text}"
            name = _Name(text, octets, end)
            if at < _POINTER_REACH:
                self._known[at] = name
        return name


def skip(wire: bytes, offset: int) -> int:
    """Find the end of a name in place, without following its pointer or minding its length.

    Raises:
        WireError: `NAME_TRUNCATED` or `LABEL_TYPE_UNKNOWN`: where it ends cannot be known.
    """
    while offset < len(wire):
        length = wire[offset]
        if length > LONGEST_LABEL:
            if length < 0xC0:
                raise WireError(Anomaly.LABEL_TYPE_UNKNOWN)
            if offset + 2 > len(wire):
                break
            return offset + 2
        offset += 1 + length
        if length == 0:
            return offset
    raise WireError(Anomaly.NAME_TRUNCATED)


def escape(label: bytes) -> str:
    """Write one label's octets as text, case as they have it."""
    if not label.translate(None, _PLAIN):
        return label.decode("ascii")
    return "".join([_ESCAPED[octet] for octet in label])


def canonical(text: str) -> str:
    """Bring a name that a person or a log wrote to the text this package gives it.

    One last dot goes, ASCII letters fold, valid escapes stay or are spelt our way, what must be
    escaped is; characters beyond ASCII count as their UTF-8 octets. It is its own fixed point.

    Raises:
        ValueError: In one line: the name is empty, has an empty label, a label over 63 octets,
            over 255 octets, or a backslash that escapes nothing.
    """
    if text == ROOT:
        return ROOT
    if not text:
        raise ValueError("the name is empty")
    # Lone surrogates can come out of JSON (RFC 8259 §8.2); their octets are as good as any.
    written = text.encode("utf-8", "surrogatepass")
    if len(written) > 4 * LONGEST_NAME:  # as long as a name can be with each octet as \DDD
        raise ValueError(f"the name is longer than {LONGEST_NAME} octets")
    labels = _labels(written)
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    for label in labels:
        if not label:
            raise ValueError("the name has an empty label")
        if len(label) > LONGEST_LABEL:
            raise ValueError(f"a label of the name is longer than {LONGEST_LABEL} octets")
    if sum(len(label) + 1 for label in labels) + 1 > LONGEST_NAME:
        raise ValueError(f"the name is longer than {LONGEST_NAME} octets")
    return ".".join([escape(bytes(label)) for label in labels]).lower()


def _labels(written: bytes) -> list[bytearray]:
    """Part name text at its dots and take the escapes off."""
    labels = [bytearray()]
    at = 0
    while at < len(written):
        unit = _UNIT.match(written, at)
        if unit is None:
            raise ValueError("a backslash in the name escapes nothing")
        at = unit.end()
        if unit["dot"]:
            labels.append(bytearray())
            continue
        octet = int(unit["number"]) if unit["number"] else (unit["octet"] or unit[0])[0]
        if octet > 0xFF:
            raise ValueError("an escape in the name is over \\255")
        labels[-1].append(octet)
    return labels


def _target(wire: bytes, at: int, run: int) -> int:
    """Read the pointer at an offset; it must lead to before `run`, where its labels start."""
    if wire[at] < 0xC0:  # 0x40 and 0x80: RFC 6891 §5, RFC 2673, both out of use
        raise WireError(Anomaly.LABEL_TYPE_UNKNOWN)
    if at + 2 > len(wire):
        raise WireError(Anomaly.NAME_TRUNCATED)
    target = (wire[at] & 0x3F) << 8 | wire[at + 1]
    if target < run:
        return target
    if target >= len(wire):
        raise WireError(Anomaly.POINTER_OUTSIDE)
    raise WireError(Anomaly.POINTER_FORWARD if target > at else Anomaly.POINTER_LOOP)
