"""Threads that walk ahead: what they share, where they stop, and that none is left behind."""

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sensor.capture import crew, sifted
from sensor.capture.files import Captures, Stream
from sensor.capture.sifted import Sifted
from sensor.frame import Frame
from tests.capture.capture_writer import enhanced, interface, pcap, pcap_header, section, simple
from tests.capture.sieve_double import SIEVE
from tests.capture.test_sifted import hold_files

PASSES = b"\x01"
THREADS = [1, 2, 5]
OPEN = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put threads to work on the smallest file, in short stretches."""
    monkeypatch.setattr(sifted, "FEW", 0)
    monkeypatch.setattr(crew, "STRETCH", 512 * 1024)


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    """Hold that no thread is left."""
    yield
    assert [] == working()


def working() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("sieve")]


def frames(count: int, octets: int = 1000, every: int = 50) -> list[Frame]:
    """Make frames of which each `every`th passes."""
    drops, passes = bytes(octets), bytes(octets - 1) + PASSES
    return [Frame(n * 1000, passes if n % every == 0 else drops, 1, octets) for n in range(count)]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of some stretches."""
    path = tmp_path / "large"
    path.write_bytes(pcap(frames(5_000)))
    return path


@pytest.mark.parametrize("every", [1, 7, 5_000])
def test_one_large_file(tmp_path: Path, every: int) -> None:
    """
    Cut into stretches it gives the same frames, whether many or few or one of them passes.
    """
    path = tmp_path / "a"
    path.write_bytes(pcap(frames(20_000, 100, every)))

    hold_files(path)


def test_more_rows_than_there_is_room_for(tmp_path: Path) -> None:
    """
    Of the smallest records all pass, some ten times the rows of a stretch.
    """
    path = tmp_path / "a"
    path.write_bytes(pcap([Frame(n * 1000, PASSES, 1, 1) for n in range(60_000)]))

    hold_files(path, path)


def test_large_blocks_file(tmp_path: Path) -> None:
    """
    Blocks of other kinds, sections and interfaces between the packets come in their order.
    """
    path = tmp_path / "a"
    packets = b"".join(enhanced(n, bytes(200) + PASSES) for n in range(300))
    others = simple(bytes(90) + PASSES) + interface(name="b") + enhanced(5, PASSES, number=1)
    many = simple(PASSES) * 9_000  # more than one stretch may have
    with path.open("wb") as file:
        for n in range(12):
            file.write(section("<") + interface(name=f"a{n}") + packets + others + packets)
        file.write(many + packets[:-1])

    hold_files(path)


def test_record_larger_than_a_stretch(tmp_path: Path) -> None:
    """
    It is read, and what follows it, and another file goes on beside it.
    """
    path = tmp_path / "a"
    first, last = pcap(frames(2_000)), pcap(frames(2_000))[24:]
    huge = pcap([Frame(2_000_000, bytes(1 << 20) + PASSES, 1, 1 << 20)])[24:]
    path.write_bytes(pcap_header(snap_length=1 << 24) + first[24:] + huge + last)
    beside = tmp_path / "b"
    beside.write_bytes(first)

    hold_files(path, beside)


def test_hundreds_of_files(tmp_path: Path) -> None:
    """
    Some follow one another, some overlap; only those that are near are open.
    """
    paths = []
    for number in range(300):
        path = tmp_path / str(number)
        begin = number // 3 * 10_000_000
        path.write_bytes(
            pcap([Frame(begin + each.at, each.data, 1, each.length) for each in frames(30)])
        )
        paths.append(path)
    before = len([*OPEN.iterdir()])
    most = 0
    names = [str(path) for path in paths]
    for _ in Sifted(names, SIEVE, threads=5):
        most = max(most, len([*OPEN.iterdir()]) - before)

    hold_files(*paths)
    assert most <= 3 + 5 + 1  # one is /proc/self/fd


@pytest.mark.parametrize("threads", THREADS)
def test_what_is_read_ahead_is_bounded(tmp_path: Path, threads: int) -> None:
    """
    Who takes one frame and waits finds no more read than the stretches that may wait.
    """
    path = tmp_path / "a"
    path.write_bytes(pcap(frames(40_000)))
    sieved = Sifted([str(path)], SIEVE, threads=threads)
    stream = iter(sieved)

    next(stream)
    first = sieved.octets_read
    waiting = threading.Event()
    waiting.wait(0.05)

    assert first <= sieved.octets_read <= (crew.EACH * threads + 2) * crew.STRETCH
    stream.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("taken", [0, 1, 10, 90])
@pytest.mark.parametrize("threads", THREADS)
def test_abandoned_iteration_ends_the_threads(large: Path, threads: int, taken: int) -> None:
    """
    Whether it is closed or dropped, no thread is left, and no file open.
    """
    before = len([*OPEN.iterdir()])
    for is_closed in (True, False):
        stream = iter(Sifted([str(large)] * 3, SIEVE, threads=threads))
        for _ in range(taken):
            next(stream)
        if is_closed:
            stream.close()  # type: ignore[attr-defined]
        del stream
        gc.collect()

        assert [] == working()
        assert before == len([*OPEN.iterdir()])


@pytest.mark.parametrize("threads", THREADS)
def test_interrupt_ends_the_threads(large: Path, threads: int) -> None:
    """
    Ctrl-C while frames are taken passes on, and ends all.
    """

    def take() -> None:
        for number, _ in enumerate(Sifted([str(large)] * 2, SIEVE, threads=threads)):
            if number == 20:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        take()


@pytest.mark.parametrize("allowed", [0, 1])
def test_threads_that_cannot_be_started(
    large: Path, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    """
    Where the system allows fewer threads, these do what there is to do.
    """
    start = threading.Thread.start

    def limited(self: threading.Thread) -> None:
        if len(working()) == allowed:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)

    hold_files(large, large)


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("fails_in", ["any", "sieve-1", "MainThread"])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, ValueError])
def test_error_in_a_thread_is_raised_where_frames_are_taken(
    large: Path, error: type[BaseException], fails_in: str, after: int
) -> None:
    """
    Whichever thread it is in, and whether it is the first thing or comes later.
    """
    calls = 0
    failed = threading.Event()

    def walk(*arguments: Any) -> int:
        nonlocal calls
        name = threading.current_thread().name
        if fails_in in {"any", name}:
            calls += 1
            if calls > after:
                failed.set()
                raise error("for a test")
        elif calls >= 0 and not failed.is_set():
            failed.wait(0.02)  # so that the other one gets its share
        return SIEVE.walk_records(*arguments)

    sieved = Sifted([str(large)] * 3, SIEVE._replace(walk_records=walk), threads=2)

    with pytest.raises(error, match="for a test"):
        list(sieved)


def changed(
    monkeypatch: pytest.MonkeyPatch, path: Path, change: Callable[[Path], None], at: int
) -> None:
    """Change a file when so many octets of it were read."""
    read = Stream.read_into

    def read_into(self: Stream, into: memoryview) -> int:
        came = read(self, into)
        if self._file.octets_read >= at:
            change(path)
        return came

    monkeypatch.setattr(Stream, "read_into", read_into)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("size", [0, 24, 100_000, 2_000_001, 4_000_000])
def test_file_that_shrinks_while_it_is_read(
    large: Path, monkeypatch: pytest.MonkeyPatch, threads: int, size: int
) -> None:
    """
    The frames that were read are given, and the problem is that of a cut file.
    """
    changed(monkeypatch, large, lambda path: os.truncate(path, size), 600_000)
    sieved = Sifted([str(large)], SIEVE, threads=threads)

    survivors = list(sieved)

    read = sieved.octets_read
    kept = pcap(frames(5_000))[:read]
    assert 600_000 <= read < 5_000_000
    large.write_bytes(kept)
    captures = Captures([str(large)])
    passing = [frame for frame in captures if frame.data.endswith(PASSES)]
    assert passing == [frame for _, frame in survivors]
    assert captures.problems == sieved.problems
    assert (read - 24) % 1016 == 0 or "cut in record" in sieved.problems[0]


@pytest.mark.parametrize("threads", THREADS)
def test_file_that_grows_while_it_is_read(
    large: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """
    What has come by then is read, and a record that is half written is a cut one.
    """
    octets = pcap(frames(5_000))
    large.write_bytes(octets[:3_000_000])

    def grow(path: Path) -> None:
        path.write_bytes(octets[:4_500_000])

    changed(monkeypatch, large, grow, 2_900_000)
    sieved = Sifted([str(large)], SIEVE, threads=threads)

    survivors = list(sieved)

    monkeypatch.undo()
    captures = Captures([str(large)])
    assert len([frame for frame in captures if frame.data.endswith(PASSES)]) == len(survivors)
    assert captures.problems == sieved.problems
    assert "cut in record" in sieved.problems[0]


@pytest.mark.parametrize("threads", THREADS)
def test_file_that_is_gone_when_its_turn_comes(tmp_path: Path, threads: int) -> None:
    """
    It is told of, and the others are read.
    """
    paths = [tmp_path / "a", tmp_path / "b"]
    paths[0].write_bytes(pcap(frames(5_000)))
    late = [Frame(1 << 50, PASSES, 1, 1)]
    paths[1].write_bytes(pcap(late))
    opened = iter(Sifted([str(path) for path in paths], SIEVE, threads=threads))
    sieved = Sifted([str(path) for path in paths], SIEVE, threads=1)
    stream = iter(sieved)
    next(stream)
    paths[1].unlink()

    rest = list(stream)

    assert 99 == len(rest)
    assert ["cannot be opened"] == [line.split(": ")[1][:16] for line in sieved.problems]
    assert 100 == len(list(opened))


def test_pipe_beside_files_that_threads_walk(tmp_path: Path, large: Path) -> None:
    """
    A pipe is read no further than it must be, by whoever takes the frames.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        sink.write(pcap([Frame(2_000_000, PASSES, 1, 1)]))
        sieved = Sifted(["-", str(large)], SIEVE, stdin=source, threads=2)
        stream = iter(sieved)

        taken = [next(stream)[1].at for _ in range(41)]
        sink.write(pcap([Frame(3_000_000, PASSES, 1, 1)])[24:])
        taken += [next(stream)[1].at for _ in range(20)]
        sink.close()
        taken += [frame.at for _, frame in stream]

    assert sorted([*range(0, 5_000_000, 50_000), 2_000_000, 3_000_000]) == taken
    assert [] == sieved.problems


def test_two_iterations_side_by_side(large: Path) -> None:
    """
    Each has its own threads and its own place.
    """
    captures = [Sifted([str(large)], SIEVE, threads=2) for _ in range(2)]

    pairs = list(zip(*captures, strict=True))

    assert 100 == len(pairs)
    assert all(one == other for one, other in pairs)


def test_small_captures_pay_for_no_thread(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where there are few octets in all, no thread is begun.
    """
    monkeypatch.setattr(sifted, "FEW", 6_000_000)
    few = Sifted([str(large)], SIEVE, threads=2)
    many = Sifted([str(large)] * 2, SIEVE, threads=2)

    assert [0, 1] == [max(len(working()) for _ in sieved) for sieved in (few, many)]
