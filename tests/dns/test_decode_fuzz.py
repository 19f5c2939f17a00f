"""No octets whatever raise, hang, or come out unprintable."""

import random
import time
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensor.dns.decode import decode
from sensor.dns.message import Decoded
from sensor.dns.names import canonical
from sensor.dns.shape import is_dns
from tests.dns import messages
from tests.realdata import REALDATA, needs_realdata

SEEDS: Final = (
    sorted(path for path in (REALDATA / "dns_message_seeds").rglob("*") if path.is_file())
    if REALDATA.is_dir()
    else []
)


def check(payload: bytes) -> Decoded | None:
    """Decode, and hold what comes out to what `Decoded` promises of any octets."""
    message = decode(payload)
    is_dns(payload)
    assert (message is None) == (len(payload) < 12)
    if message is None:
        return None
    records = message.answers + message.authorities + message.additionals
    for name in [
        *[question.qname for question in message.questions],
        *[record.name for record in records],
        *[record.target for record in records if record.target],
    ]:
        assert name == canonical(name)
    assert all(record.rdata.isascii() and record.rdata.isprintable() for record in records)
    assert len(message.anomalies) == len(set(message.anomalies))
    octets = msgspec.msgpack.encode(message)
    assert message == msgspec.msgpack.decode(octets, type=Decoded)
    return message


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=600))
def test_any_octets_decode(payload: bytes) -> None:
    """
    As far as they can be read.
    """
    check(payload)


@settings(deadline=None, max_examples=200)
@given(
    st.binary(min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
    st.binary(max_size=600),
)
def test_any_octets_after_a_likely_header_decode(
    start: bytes, counts: list[int], rest: bytes
) -> None:
    """
    Small counts let more of them be read.
    """
    low = bytes(count if at % 2 else 0 for at, count in enumerate(counts))

    check(start + low + rest)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(messages.wires(), st.data())
def test_a_changed_message_decodes(wire: bytes, data: st.DataObject) -> None:
    """
    Some octets replaced, then cut or followed by others.
    """
    changed = bytearray(wire)
    places = st.integers(0, len(wire) - 1)
    for at in data.draw(st.lists(places, max_size=6)):
        changed[at] = data.draw(st.sampled_from([0, 1, 0x3F, 0x40, 0xC0, 0xFF]))

    check(bytes(changed[: data.draw(places)]))
    check(bytes(changed) + data.draw(st.binary(max_size=8)))


@needs_realdata
@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[-24:])
def test_real_messages_decode_whole_cut_and_changed(path: Path) -> None:
    """
    BIND's fuzz corpus: well-formed and not, as it is, cut, and with octets replaced.
    """
    payload = path.read_bytes()
    chance = random.Random(path.name)
    started = time.perf_counter()

    check(payload)
    sizes = range(len(payload)) if len(payload) < 200 else chance.sample(range(len(payload)), 40)
    for size in sizes:
        decode(payload[:size])
    for _ in range(40):
        changed = bytearray(payload)
        for _ in range(chance.randint(1, 5)):
            if changed:
                changed[chance.randrange(len(changed))] = chance.choice(b"\0\1\x0c\x3f\x40\xc0\xff")
        decode(bytes(changed))

    assert time.perf_counter() - started < 10


@needs_realdata
def test_all_seeds_are_there() -> None:
    """
    The parameters above are not an empty list.
    """
    assert 396 == len(SEEDS)
