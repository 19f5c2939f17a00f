"""Captures in which watched names, near misses and everything else are mixed.

A capture is a list of parts. What a part is stands in tables, one choice from each: the name, the
message about it, its damage, its way, its tunnel, its link, the time after it. The rest follows
from the part's seed, so a failing capture shrinks part by part and table by table.
"""

import random
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from hypothesis import strategies as st

from sensor.frame import Frame
from sensor.stage import MILLISECOND, SECOND
from tests.capture.capture_writer import enhanced, interface, pcap, section
from tests.dns.messages import header, pointer, question, record, wire_name
from tests.replays import START
from tests.sieve.carriage import LINKS, TUNNELS, WAYS
from tests.sieve.near import ASKED, NAMES, OTHER

ADDRESS: Final = bytes([149, 154, 166, 110])
FIRST: Final = 12

CNAME, DNAME, SVCB, HTTPS = 5, 39, 64, 65
QUERY, RESPONSE = 0x0100, 0x8180
MOST: Final = 60_000  # octets of a payload; all tunnels around it fit 65,535

Chance = random.Random


def message(
    chance: Chance,
    *records: bytes,
    asked: bytes = OTHER,
    flags: int = RESPONSE,
    qtype: int = 1,
    qclass: int = 1,
) -> bytes:
    """A message with one question; the records are spread over the sections, mostly answers."""
    answers = len(records)
    if chance.random() < 0.2:
        answers = chance.randrange(answers + 1)
    authorities = chance.randrange(len(records) - answers + 1)
    counts = (1, answers, authorities, len(records) - answers - authorities)
    head = header(flags=flags, counts=counts, ident=chance.choice([7, 7, 7, 8]))
    return head + question(asked, qtype=qtype, qclass=qclass) + b"".join(records)


def _query(chance: Chance, name: bytes) -> bytes:
    qtype, qclass = chance.choice([1, 1, 28, 65]), chance.choice([1, 1, 1, 3, 255, 9])
    return message(chance, asked=name, flags=QUERY, qtype=qtype, qclass=qclass)


def _answer(chance: Chance, name: bytes) -> bytes:
    return message(chance, record(pointer(FIRST), 1, ADDRESS), asked=name)


def _failure(chance: Chance, name: bytes) -> bytes:
    soa = record(b"\0", 6, b"\0\0" + bytes(20))
    return message(chance, soa, asked=name, flags=RESPONSE | chance.choice([2, 3]))


def _target(kind: int) -> Callable[[Chance, bytes], bytes]:
    before = b"" if kind in (CNAME, DNAME) else b"\0\1"
    parameters = b"" if kind in (CNAME, DNAME) else b"\0\3\0\2\1\xbb"

    def build(chance: Chance, name: bytes) -> bytes:
        rest = parameters * chance.randrange(2)
        padding = [record(pointer(FIRST), 1, ADDRESS)] * chance.choice([0, 0, 1, 12])
        last = record(pointer(FIRST), kind, before + name + rest)
        return message(chance, *padding, last, qtype=chance.choice([1, kind]))

    return build


def _owner(chance: Chance, name: bytes) -> bytes:
    kind = chance.choice([CNAME, DNAME])
    return message(chance, record(name, kind, pointer(FIRST)))


def _beside(chance: Chance, name: bytes) -> bytes:
    """Where no resolver follows it: glue, servers, exchangers, opaque data, text."""
    return message(
        chance,
        record(name, 1, ADDRESS),
        record(pointer(FIRST), 2, name),
        record(pointer(FIRST), 15, b"\0\1" + name),
        record(pointer(FIRST), 16, bytes([len(name) & 0xFF]) + name),
        record(pointer(FIRST), 65400, name),
        record(b"\0", 41, b"\xfd\xe9" + struct.pack("!H", len(name)) + name),
    )


def _out_of_opaque(chance: Chance, name: bytes) -> bytes:
    """An owner or target that points into rdata which nobody reads."""
    least = FIRST + len(question(OTHER)) + 12
    # Anywhere, or where the pointer is that to the question but for one bit.
    at = chance.choice([least + chance.randrange(40), *(FIRST | 1 << bit for bit in (6, 7, 8, 9))])
    hidden = record(pointer(FIRST), chance.choice([16, 65400]), bytes(at - least) + name)
    at += chance.choice([0, 0, 0, 4])
    uses = [record(pointer(at), CNAME, pointer(FIRST)), record(pointer(FIRST), CNAME, pointer(at))]
    return message(chance, hidden, chance.choice(uses))


def _across(chance: Chance, name: bytes) -> bytes:
    """A name whose last labels stand in the question, after up to three pointers on the way."""
    sizes = _label_places(name)
    cut = chance.choice(sizes)
    asked = name[cut:] or b"\0"
    way = [pointer(FIRST)]
    at = FIRST + len(question(asked)) + 12
    records = []
    for _ in range(chance.randrange(3)):
        records.append(record(pointer(FIRST), 65400, way[-1]))
        way.append(pointer(at))
        at += len(records[-1])
    return message(
        chance, *records, record(pointer(FIRST), CNAME, name[:cut] + way[-1]), asked=asked
    )


def _within_a_label(chance: Chance, name: bytes) -> bytes:
    """A pointer into the middle of a label whose octets read as the name."""
    label = b"zz" + name[:50] + b"z"
    at = FIRST + 3
    return message(
        chance, record(pointer(FIRST), CNAME, pointer(at)), asked=wire_name(label, b"example")
    )


def _pointing_on(chance: Chance, name: bytes) -> bytes:
    """Pointers to themselves, to one another, forwards, to the header, beyond the end."""
    at = FIRST + len(question(OTHER)) + 12
    place = chance.choice([at, at + 2, at + 3, 0, 4, 11, 0x3FFF, at - 12])
    record_of = record(pointer(FIRST), CNAME, chance.choice([b"", b"\3api"]) + pointer(place))
    return message(chance, record_of, record(pointer(at), CNAME, name))


def _several_questions(chance: Chance, name: bytes) -> bytes:
    names = chance.sample([name, OTHER, OTHER], chance.choice([2, 3]))
    flags = chance.choice([QUERY, RESPONSE])
    head = header(flags=flags, counts=(len(names), 0, 0, 0), ident=7)
    return head + b"".join(map(question, names))


def _counts_that_lie(chance: Chance, name: bytes) -> bytes:
    wire = bytearray(_target(chance.choice([CNAME, HTTPS]))(chance, name))
    at = chance.choice([4, 6, 8, 10])
    wire[at : at + 2] = struct.pack("!H", chance.choice([0, 1, 2, 9, 0xFFFF]))
    return bytes(wire)


def _lengths_that_lie(chance: Chance, name: bytes) -> bytes:
    stated = max(0, len(name) + chance.choice([-2, -1, 1, 2, 400]))
    first = record(pointer(FIRST), CNAME, name, length=stated)
    return message(chance, first, record(pointer(FIRST), CNAME, name))


def _other_opcode(chance: Chance, name: bytes) -> bytes:
    """A notification or an update (RFC 1996, RFC 2136), which asks nothing."""
    flags = chance.choice([4, 5, 2, 6]) << 11 | chance.choice([0, 0x8000])
    return message(chance, record(name, CNAME, name), asked=name, flags=flags)


def _without_question(chance: Chance, name: bytes) -> bytes:
    head = header(counts=(0, 2, 0, 0), ident=7)
    return head + record(name, 1, ADDRESS) + record(pointer(FIRST), CNAME, OTHER)


def _endless(chance: Chance, name: bytes) -> bytes:
    """Chains of pointers, walked again and again: more steps than a message is worth."""
    start = FIRST + len(question(OTHER)) + 12
    chain = pointer(FIRST) + b"".join(pointer(start + 2 * at) for at in range(1999))
    last = pointer(start + 2 * 1999)
    records = [record(last, CNAME, last)] * 400
    head = header(counts=(1, 2 + len(records), 0, 0), ident=7)
    opaque = record(pointer(FIRST), 65400, chain)
    return head + question(OTHER) + opaque + b"".join(records) + record(name, CNAME, name)


def _like_a_tunnel(_: Chance, _name: bytes) -> bytes:
    """A query that reads as VXLAN (RFC 7348 §5) with an ARP packet in it."""
    name = wire_name(b"seven..\x08\x06arp", b"example", b"org")
    return header(flags=QUERY, counts=(1, 0, 0, 0), ident=0x0800) + question(name) + bytes(30)


def _random(chance: Chance, name: bytes) -> bytes:
    octets = chance.randbytes(chance.choice([0, 11, 11, 12, 17, 200]))
    return octets + name * chance.randrange(2)


MESSAGES: Final[Mapping[str, Callable[[Chance, bytes], bytes]]] = {
    "query": _query,
    "answer": _answer,
    "failure": _failure,
    "cname": _target(CNAME),
    "dname": _target(DNAME),
    "svcb": _target(SVCB),
    "https": _target(HTTPS),
    "owner": _owner,
    "beside": _beside,
    "out of opaque": _out_of_opaque,
    "across": _across,
    "within a label": _within_a_label,
    "pointing on": _pointing_on,
    "several questions": _several_questions,
    "counts that lie": _counts_that_lie,
    "lengths that lie": _lengths_that_lie,
    "other opcode": _other_opcode,
    "without question": _without_question,
    "endless": _endless,
    "like a tunnel": _like_a_tunnel,
    "random": _random,
}


def _label_places(name: bytes) -> list[int]:
    """Where the labels of a name begin, as far as it is one."""
    places, at = [0], 0
    while at < len(name) and 0 < name[at] < 64:
        at += 1 + name[at]
        places.append(min(at, len(name)))
    return places


def _flipped(chance: Chance, octets: bytes) -> bytes:
    changed = bytearray(octets)
    if changed:
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: Chance, octets: bytes) -> bytes:
    return octets[: chance.randrange(len(octets) + 1)]


# What befalls the payload, before it is sent, and the frame, when it is captured.
DAMAGES: Final[Mapping[str, tuple[Callable[[Chance, bytes], bytes], ...]]] = {
    "none": (lambda _, octets: octets, lambda _, octets: octets),
    "cut payload": (_cut, lambda _, octets: octets),
    "longer payload": (lambda _, octets: octets + b"\0", lambda _, octets: octets),
    "flipped payload": (_flipped, lambda _, octets: octets),
    "cut frame": (lambda _, octets: octets, _cut),
    "flipped frame": (lambda _, octets: octets, _flipped),
    "padded frame": (lambda _, octets: octets, lambda _, octets: octets + ASKED),
}

# The time that goes by after a part: windows of doubles (100 ms), lookups (2 s), of transactions
# (15 s) and alerts (5 min, 1 h) open and close; it goes back too.
PAUSES: Final = (
    *(0, MILLISECOND, 20 * MILLISECOND, 150 * MILLISECOND, 2 * SECOND, 3 * SECOND),
    *(16 * SECOND, 400 * SECOND, 4000 * SECOND, -1 * SECOND),
)


class Part(NamedTuple):
    """One message on its way; all but the pause and the seed are keys of tables."""

    message: str
    name: str
    damage: str
    way: str
    tunnel: str
    link: str
    pause: int
    seed: int


def frames_of(part: Part) -> list[bytes]:
    """The frames of one part, in order."""
    chance = random.Random(part.seed)
    spoil, capture = DAMAGES[part.damage]
    payload = MESSAGES[part.message](chance, NAMES[part.name](chance))[:MOST]
    is_of_tunnel = (part.message, part.way) == ("like a tunnel", "plain")
    way = WAYS["from a tunnel's port" if is_of_tunnel else part.way]
    packets = way(chance, spoil(chance, payload))
    wrap, link = TUNNELS[part.tunnel], LINKS[part.link]
    return [capture(chance, link(wrap(packet))) for packet in packets]


def frames_in(parts: Iterable[Part]) -> list[Frame]:
    """All frames, in the order in which they were captured."""
    now, frames = START, []
    for part in parts:
        for data in frames_of(part):
            frames.append(Frame(now, data, 1, len(data)))
            now += MILLISECOND // 10
        now += part.pause
    return frames


def _mostly(table: Iterable[str], usual: str) -> st.SearchStrategy[str]:
    """The usual half of the time, so that what is odd in one table is met by itself."""
    return st.one_of(st.just(usual), st.sampled_from(list(table)))


parts: Final = st.builds(
    Part,
    message=st.sampled_from(list(MESSAGES)),
    name=_mostly(NAMES, "watched"),
    damage=_mostly(DAMAGES, "none"),
    way=_mostly(WAYS, "plain"),
    tunnel=_mostly(TUNNELS, "none"),
    link=_mostly(LINKS, "ethernet"),
    pause=st.sampled_from(PAUSES),
    seed=st.integers(0, 1 << 32),
)
captures: Final = st.lists(parts, min_size=10, max_size=40)


def written(frames: Iterable[Frame], *, is_pcapng: bool) -> bytes:
    """A capture of frames in either format, in µs."""
    if not is_pcapng:
        return pcap(frames)
    blocks = [enhanced(frame.at // 1000, frame.data) for frame in frames]
    return section() + interface() + b"".join(blocks)


def drawn(seed: int, count: int) -> list[Part]:
    """Parts at random, as the strategy makes them but always the same."""
    chance = random.Random(seed)

    def mostly(table: Iterable[str], usual: str) -> str:
        return chance.choice([usual, chance.choice(list(table))])

    return [
        Part(
            message=chance.choice(list(MESSAGES)),
            name=mostly(NAMES, "watched"),
            damage=mostly(DAMAGES, "none"),
            way=mostly(WAYS, "plain"),
            tunnel=mostly(TUNNELS, "none"),
            link=mostly(LINKS, "ethernet"),
            pause=chance.choice(PAUSES),
            seed=chance.randrange(1 << 32),
        )
        for _ in range(count)
    ]
