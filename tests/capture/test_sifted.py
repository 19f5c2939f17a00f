"""Sifted: the survivors of capture files, in the order and with the problems of Captures."""

import gzip
import io
import os
import tempfile
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture import ahead, course, crew, pane, sifted, stretch
from sensor.capture.files import Captures
from sensor.capture.sifted import Sifted
from sensor.capture.stretch import Sieve
from sensor.frame import Frame
from sensor.sieve.reasons import Reason
from tests.capture.capture_writer import (
    MICROSECONDS,
    NANOSECONDS,
    PATCHED,
    block,
    enhanced,
    interface,
    obsolete,
    pcap,
    pcap_header,
    pcap_record,
    section,
    simple,
)
from tests.capture.sieve_double import SIEVE, reason_of
from tests.realdata import REALDATA, needs_realdata

PASSES = b"\x01"
THREADS = (1, 2, 5)
FRAMES = st.builds(
    lambda at, data, link, more: Frame(at, data, link, len(data) + more),
    st.integers(0, 30).map(lambda n: n * 1000),
    st.binary(max_size=6),
    st.just(1),
    st.integers(0, 2),
)


def expected_of(captures: Captures) -> tuple[list[tuple[int, Frame]], int, Counter[Reason], int]:
    """Recompute from all frames: survivors with `now`, the last time, reasons, octets dropped."""
    survivors: list[tuple[int, Frame]] = []
    reasons: Counter[Reason] = Counter()
    now = octets = 0
    for frame in captures:
        now = max(now, frame.at)
        reason = reason_of(frame)
        reasons[reason] += 1
        if reason > Reason.DROPPED_DNS:
            survivors.append((now, frame))
        else:
            octets += len(frame.data)
    return survivors, now, reasons, octets


def assert_agree(captures: Captures, sieved: Sifted) -> None:
    """Hold one to the other in all that a caller sees."""
    survivors, now, reasons, octets = expected_of(captures)

    assert survivors == list(sieved)
    assert captures.problems == sieved.problems
    assert now == sieved.now
    assert reasons == sieved.counts.reasons
    dropped = reasons[Reason.DROPPED_OTHER] + reasons[Reason.DROPPED_DNS]
    assert dropped == sieved.counts.frames
    assert octets == sieved.counts.octets
    assert reasons[Reason.DROPPED_DNS] == sieved.counts.dns_messages
    assert captures.octets_total == sieved.octets_total
    # Of what is broken, as much was read as lay in memory.
    assert captures.octets_read <= sieved.octets_read
    if not captures.problems:
        assert captures.octets_read == sieved.octets_read


def hold(octets: bytes) -> None:
    """Hold on standard input, and on a file with one thread and with several."""
    assert_agree(
        Captures(["-"], stdin=io.BytesIO(octets)), Sifted(["-"], SIEVE, stdin=io.BytesIO(octets))
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        hold_files(Path(file.name))


def hold_files(*paths: Path) -> None:
    names = [str(path) for path in paths]
    for threads in THREADS:
        assert_agree(Captures(names), Sifted(names, SIEVE, threads=threads))


def shrink(patch: pytest.MonkeyPatch, octets: int, room: int) -> None:
    """Walk in stretches so short, with room for so few rows."""
    patch.setattr(ahead, "NEAR", octets)
    patch.setattr(ahead, "WIDE", octets)
    patch.setattr(crew, "STRETCH", octets)
    patch.setattr(crew, "LEAST", octets)
    patch.setattr(stretch, "ROOM", room)
    patch.setattr(course, "ROOM", room)


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put threads to work on the smallest file."""
    monkeypatch.setattr(sifted, "FEW", 0)


@pytest.fixture(params=[64, 100, pane.USUAL], ids=["64 octets", "100 octets", "usual"])
def short(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Walk in stretches so short that records lie across their ends, and with room for few."""
    size: int = request.param
    shrink(monkeypatch, size, 2 if size < pane.USUAL else 4096)
    return size


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [MICROSECONDS, NANOSECONDS, PATCHED])
def test_every_variant_of_pcap(order: str, magic: int, short: int) -> None:
    """
    Byte orders, units and record headers are those that Captures knows.
    """
    frames = [Frame(n * 1_000_003, bytes([n, n]), 113, 2 + n) for n in range(60)]

    hold(pcap(frames, order, magic, link=113))


@pytest.mark.parametrize("version", [(2, 0), (2, 2), (2, 3), (543, 0), (2, 4)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_swapped_lengths(version: tuple[int, int], order: str) -> None:
    """
    Where old writers put the original length first, it is read so.
    """
    frame = Frame(5_000, b"ab\x01", 1, 3)
    header = pcap_header(order, version=version)
    longer = pcap_record(Frame(5_000, b"a\x01", 1, 2), order)
    swapped = longer[:8] + longer[12:16] + longer[8:12] + longer[16:]

    hold(header + pcap_record(frame, order) + swapped)
    hold(header + pcap_record(Frame(1_000, b"abc\x01", 1, 9), order))
    hold(header + longer[:8] + longer[8:12][::-1] + longer[12:])


@pytest.mark.parametrize("snap_length", [0, 96, 300_000, 1 << 31, (1 << 32) - 1])
@pytest.mark.parametrize("captured", [262_144, 262_145, 300_000, 300_001, 16 << 20, (16 << 20) + 1])
def test_longest_records(snap_length: int, captured: int) -> None:
    """
    How long a record may be depends on the snap length, in both; long ones do not stop the walk.
    """
    first = pcap_record(Frame(1_000, b"\x01", 1, 1))
    long = pcap_record(Frame(2_000, bytes(captured - 1) + PASSES, 1, captured))

    hold(pcap_header(snap_length=snap_length) + first + long + first)


def test_cut_at_every_octet(short: int) -> None:
    """
    What was whole before a cut passes, and the problem is that of Captures.
    """
    frames = [Frame(n * 1000, bytes([n] * (n % 5)), 1, 9) for n in range(8)]
    octets = pcap(frames)
    blocks = section() + interface() + enhanced(1, b"abc") + simple(b"q") + enhanced(2, b"d")

    for whole in (octets, blocks):
        for cut in range(len(whole)):
            hold(whole[:cut])


NG_BLOCKS = st.sampled_from(
    [
        *[enhanced(at, bytes([at])) for at in range(6)],
        *[enhanced(at, bytes([at, at, 1]), number=1) for at in range(6)],
        enhanced(9, b"options", options=b"\1\0\3\0abc\0\0\0\0\0"),
        enhanced(2, b"no such interface", number=7),
        enhanced((1 << 64) - 1, b"late"),
        enhanced(1 << 61, b"late"),
        obsolete(3, b"obsolet\x01", number=1),
        simple(b"simpl\x01"),
        section(),
        section(version=(9, 0)),
        interface(),
        interface(link=276, name="any", resolution=9),
        interface(link=101, resolution=0x80 | 20, offset=5),
        interface(link=101, resolution=0x80 | 40, offset=5),
        interface(link=101, resolution=12, offset=-3),
        interface(link=101, resolution=40),
        interface(link=101, resolution=0),
        interface(link=101, offset=-(1 << 63)),
        interface(link=101, offset=1 << 31),
        block(1, b"short"),
        block(5, b"statistics of an interface"),
        block(6, b"shorter than its fields"[:16]),
        block(6, bytes(12) + b"\xff\0\0\0\xff\0\0\0"),
        block(0xBAD, b""),
    ]
)


@given(st.lists(NG_BLOCKS, max_size=24), st.sampled_from([64, 100, pane.USUAL]))
@settings(max_examples=300, deadline=None)
def test_any_blocks(blocks: list[bytes], size: int) -> None:
    """
    Whatever blocks stand between the packets, frames, times, names and problems are the same.
    """
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch, size, 2)

        hold(section() + interface() + interface(name="b") + b"".join(blocks))


@given(st.integers(0, 255), st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=300, deadline=None)
def test_any_resolution_and_offset(resolution: int, ticks: int, offset: int) -> None:
    """
    Every time is the same to the nanosecond, where 64 bits are too few for the sum as well.
    """
    described = [
        interface(resolution=resolution, offset=offset),
        interface(resolution=resolution, offset=offset % 4_000_000_000),
        interface(resolution=resolution),
    ]
    packets = [enhanced(ticks >> n * 8, PASSES, number=m) for n in range(8) for m in range(3)]

    hold(section() + b"".join(described + packets))


def test_big_endian_blocks(short: int) -> None:
    """
    A section's byte order holds for its blocks, and the next section may have the other.
    """
    one = section(">") + interface(">") + b"".join(enhanced(n, bytes([n]), ">") for n in range(9))
    two = section("<") + interface("<") + b"".join(enhanced(n, bytes([n]), "<") for n in range(9))

    hold(one + two + one)


def test_many_interfaces() -> None:
    """
    Interfaces that come between the packets are known from there on.
    """
    described = b"".join(
        interface(name=f"e{n}", link=n) + enhanced(n, PASSES, number=n) for n in range(100)
    )

    hold(section() + described)


BASES = [
    pcap([Frame(n * 1000, bytes([n]), 1, 1) for n in range(6)]),
    pcap([Frame(n * 1000, bytes([n]), 1, 1) for n in range(6)], ">", NANOSECONDS),
    section() + interface(name="eth0", resolution=9) + enhanced(1, b"abc") + enhanced(2, b"e"),
    section(">") + interface(">") + enhanced(1, b"abc", ">") + enhanced(1, b"a", ">"),
]


@given(st.sampled_from(BASES), st.data())
@settings(max_examples=400, deadline=None)
def test_damaged_captures(base: bytes, data: st.DataObject) -> None:
    """
    Captures with octets changed, cut out or put in give the same survivors and problems.
    """
    octets = bytearray(base)
    for place in data.draw(st.lists(st.integers(0, len(base)), max_size=6)):
        length = data.draw(st.integers(0, 8))
        octets[place : place + length] = data.draw(st.binary(max_size=8))

    hold(bytes(octets))


@given(st.lists(st.lists(FRAMES, max_size=12), max_size=5), st.data())
@settings(max_examples=300, deadline=None)
def test_merging_any_files(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[Frame]], data: st.DataObject
) -> None:
    """
    With times that go back, ties and gaps the survivors come in the order of Captures, each with
    the largest time so far; cut files among them say so in the same order.
    """
    folder = tmp_path_factory.mktemp("merge")
    paths = []
    for number, frames in enumerate(files):
        octets = pcap(frames)
        cut = data.draw(st.sampled_from([0, 0, 1, 3]))
        path = folder / str(number)
        path.write_bytes(octets[: len(octets) - cut])
        paths.append(path)
    with pytest.MonkeyPatch.context() as patch:
        size = data.draw(st.sampled_from([64, 100, pane.USUAL]))
        shrink(patch, size, data.draw(st.sampled_from([1, 2, 4096])))

        hold_files(*paths)


def test_compressed_standard_input_and_bad_files(tmp_path: Path, short: int) -> None:
    """
    Compression, standard input, and what is no capture are as in Captures.
    """
    frames = [Frame(n * 1000, bytes([n]), 1, 1) for n in range(50)]
    (tmp_path / "gz").write_bytes(gzip.compress(pcap(frames)))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(pcap(frames))[:-30])
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "page").write_bytes(b"<html>")
    names = ["missing", "empty", "-", "gz", "cut.gz", "page"]
    paths = [name if name == "-" else str(tmp_path / name) for name in names]

    for threads in THREADS:
        inputs = [io.BytesIO(pcap(frames)[:-1]), io.BytesIO(pcap(frames)[:-1])]
        sieved = Sifted(paths, SIEVE, stdin=inputs[1], threads=threads)
        assert_agree(Captures(paths, stdin=inputs[0]), sieved)


def test_nothing_but_broken_files_in_order(tmp_path: Path) -> None:
    """
    Problems of files without a frame come in the order of the paths, a pipe among them.
    """
    paths = ["-", str(tmp_path / "missing")]
    inputs = [io.BytesIO(pcap([])[:-1]), io.BytesIO(pcap([])[:-1])]

    assert_agree(Captures(paths, stdin=inputs[0]), Sifted(paths, SIEVE, stdin=inputs[1]))


def test_live_pipe_is_handed_on_as_it_comes(tmp_path: Path) -> None:
    """
    A frame from a pipe passes before the next one is written.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        sink.write(pcap([Frame(1_000, PASSES, 1, 1)]))
        stream = iter(Sifted(["-"], SIEVE, stdin=source))

        assert (1_000, Frame(1_000, PASSES, 1, 1)) == next(stream)
        sink.write(pcap_record(Frame(2_000, PASSES, 1, 1)))
        assert (2_000, Frame(2_000, PASSES, 1, 1)) == next(stream)


def test_named_pipe_among_files(tmp_path: Path) -> None:
    """
    What cannot be opened again stays open until its turn comes.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    other = tmp_path / "a"
    other.write_bytes(pcap([Frame(1_000, PASSES, 1, 1)]))
    octets = pcap([Frame(2_000, PASSES, 1, 1), Frame(3_000, PASSES, 1, 1)])
    writer = threading.Thread(target=pipe.write_bytes, args=(octets,))
    writer.start()

    survivors = list(Sifted([str(pipe), str(other)], SIEVE))
    writer.join()

    assert [1_000, 2_000, 3_000] == [now for now, _ in survivors]


def test_iterating_again_reads_again(tmp_path: Path) -> None:
    """
    A second pass begins anew, after a first one that was given up as well.
    """
    path = tmp_path / "a"
    path.write_bytes(pcap([Frame(n, PASSES, 1, 1) for n in range(9)])[:-1])
    sieved = Sifted([str(path), str(path)], SIEVE)
    next(iter(sieved))

    first = list(sieved)

    assert first == list(sieved)
    assert 16 == sieved.counts.reasons[Reason.WATCHED]
    assert 2 == len(sieved.problems)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """
    Files are read as they are used: a frame of the first megabyte comes before the third.
    """
    path = tmp_path / "long"
    path.write_bytes(pcap([Frame(0, bytes(1_000) + PASSES, 1, 1_001)] * 5_000))
    sieved = Sifted([str(path)], SIEVE)

    next(iter(sieved))

    assert sieved.octets_read <= 2 * pane.USUAL


@needs_realdata
def test_real_captures() -> None:
    """
    Of every real capture the same frames pass, with the same problems.
    """
    paths = [
        path
        for path in sorted((REALDATA / "pcaps").rglob("*"))
        if path.suffix in {".pcap", ".pcapng", ".cap", ".gz", ".xz"}
    ]

    for path in paths:
        hold_files(path)
    hold_files(*paths[:60])
    assert len(paths) > 200


def test_sieve_is_compiled_once() -> None:
    """
    Every call has the same types: a second signature would be compiled while packets wait.
    """
    hold(BASES[0])
    hold(BASES[2] + simple(b"\x01"))
    kernels = (SIEVE.walk_records, SIEVE.walk_blocks, SIEVE.judge)

    assert isinstance(SIEVE, Sieve)
    assert [1, 1, 1] == [len(getattr(kernel, "signatures", [0])) for kernel in kernels]
