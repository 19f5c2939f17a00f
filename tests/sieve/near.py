"""Names that are watched, nearly, or not at all, as they are on the wire."""

import random
from collections.abc import Callable, Mapping
from typing import Final

from tests.dns.messages import wire_name

WATCHED: Final = ("api.telegram.org", ".example.org", "deep.example.org", "cdn\\.x.example")
LABELS: Final = (b"api", b"telegram", b"org")
ASKED: Final = wire_name(*LABELS)
OTHER: Final = wire_name(b"www", b"example", b"com")

Chance = random.Random


def _with_an_octet_changed(chance: Chance) -> bytes:
    name = bytearray(ASKED)
    name[chance.randrange(len(name))] = chance.randrange(256)
    return bytes(name)


def _with_a_bit_changed(chance: Chance) -> bytes:
    name = bytearray(ASKED)
    name[chance.randrange(len(name))] ^= 1 << chance.randrange(8)
    return bytes(name)


def _in_any_case(chance: Chance) -> bytes:
    text = (chr(octet) for octet in ASKED)
    return bytes(ord(chance.choice([each.upper(), each.lower()])) for each in text)


def _parted_elsewhere(chance: Chance) -> bytes:
    """The same octets, dots included, as other labels."""
    text = b".".join(LABELS)
    at = chance.randrange(1, len(text) - 1)
    return chance.choice(
        [
            wire_name(text),
            wire_name(text[:at], text[at:]),
            wire_name(b"api.telegram", b"org"),
            wire_name(b"api", b"telegram.org"),
            wire_name(b"api\x08telegram", b"org"),
            wire_name(b"cdn", b"x", b"example"),
            wire_name(b"cdn.x", b"example"),
        ]
    )


def _above(chance: Chance) -> bytes:
    return chance.choice([wire_name(*LABELS[at:]) for at in (1, 2, 3)])


def _below(chance: Chance) -> bytes:
    return wire_name(chance.choice([b"a", b"api", b"x" * 63]), *LABELS)


def _under_a_parent(chance: Chance) -> bytes:
    below = [chance.choice([b"a", b"Deep", b"org", b"x" * 63]) for _ in range(chance.randrange(4))]
    return wire_name(*below, b"Example", b"org")


def _nearly_under_a_parent(chance: Chance) -> bytes:
    return wire_name(*chance.choice([(b"a.example", b"org"), (b"aexample", b"org"), (b"org",)]))


def _long(chance: Chance) -> bytes:
    """Of about 255 octets, the most there may be (RFC 1035 §2.3.4), under a watched parent."""
    least = chance.choice([48, 49, 50])  # 254, 255, 256 octets
    return wire_name(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * least, b"example", b"org")


def _any_name(chance: Chance) -> bytes:
    labels = [chance.randbytes(chance.randrange(1, 9)) for _ in range(chance.randrange(4))]
    return wire_name(*labels)


# What ends before its root: nowhere, in a label, in a pointer, in what is neither.
NO_NAMES: Final = (b"", b"\x3fapi", ASKED[:-1], b"\xc0", ASKED[:-1] + b"\xc0", b"\x40", b"\x80\0")

NAMES: Final[Mapping[str, Callable[[Chance], bytes]]] = {
    "watched": lambda _: ASKED,
    "in any case": _in_any_case,
    "another": lambda _: OTHER,
    "an octet changed": _with_an_octet_changed,
    "a bit changed": _with_a_bit_changed,
    "parted elsewhere": _parted_elsewhere,
    "above": _above,
    "below": _below,
    "under a parent": _under_a_parent,
    "nearly under a parent": _nearly_under_a_parent,
    "long": _long,
    "any": _any_name,
    "none": lambda chance: chance.choice(NO_NAMES),
}
