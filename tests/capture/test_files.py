"""Captures: opening, detecting, merging, and what is said of bad files."""

import gzip
import io
import lzma
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture.files import Captures, File, Stream
from sensor.capture.window import StreamError
from sensor.frame import Frame
from tests.capture.capture_writer import (
    NANOSECONDS,
    enhanced,
    interface,
    pcap,
    read,
    read_files,
    section,
)

ONE = Frame(1_000, b"one", 1, 3)
TWO = Frame(2_000, b"two", 1, 3)
THREE = Frame(3_000, b"three", 1, 5)

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "xz": lzma.compress,
}
EXPECTED = "expected pcap or pcapng, plain or compressed with gzip, zstd or xz"


def capture(path: Path, *times: int, link: int = 1) -> Path:
    """Write a capture with a frame at each of the times."""
    path.write_bytes(pcap([Frame(at, b"", link, 0) for at in times], magic=NANOSECONDS, link=link))
    return path


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_compressed_files_and_standard_input(tmp_path: Path, compression: str) -> None:
    """
    A compressed capture reads like a plain one, from a file of any name and from a pipe.
    """
    octets = COMPRESSIONS[compression](pcap([ONE, TWO]))
    path = tmp_path / "no-suffix"
    path.write_bytes(octets)

    assert ([ONE, TWO], []) == read_files(path)
    assert ([ONE, TWO], []) == read(octets)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_cut_compressed_capture_at_every_octet(compression: str) -> None:
    """
    Of a cut compressed capture the records that came through are kept, with one problem.
    """
    whole = [Frame(n * 1_000, os.urandom(40), 1, 40) for n in range(20)]
    octets = COMPRESSIONS[compression](pcap(whole))
    before = 0

    for cut in range(6, len(octets)):
        frames, problems = read(octets[:cut])

        assert whole[: len(frames)] == frames
        assert before <= len(frames)
        assert 1 == len(problems)
        assert f"the {compression} data is cut" in problems[0]
        before = len(frames)
    assert len(whole) == before or compression == "zstd"  # zstd gives a block at a time


def test_standard_input_by_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `-` is the standard input of the process.
    """
    with capsys.disabled():
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pcap([ONE]))))

        assert [ONE] == list(Captures(["-"]))


def test_process_without_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A process started without standard input has a problem, not an exception.
    """
    monkeypatch.setattr("sys.stdin", None)
    captures = Captures(["-"])

    assert [] == list(captures)
    assert [f"standard input: cannot be opened (there is none); {EXPECTED}"] == captures.problems


def test_files_that_overlap_are_merged_by_time(tmp_path: Path) -> None:
    """
    The earliest of the files' next frames comes first.
    """
    files = [capture(tmp_path / "a", 1, 4, 5, 9), capture(tmp_path / "b", 2, 3, 6, 7, 8)]

    frames, problems = read_files(*files)

    assert [] == problems
    assert [1, 2, 3, 4, 5, 6, 7, 8, 9] == [frame.at for frame in frames]


def test_order_of_the_paths_does_not_matter_where_files_follow_one_another(tmp_path: Path) -> None:
    """
    Rotated captures are one stream in time, however they are listed.
    """
    files = [capture(tmp_path / str(n), n * 10, n * 10 + 5) for n in (3, 1, 2)]

    frames, _ = read_files(*files)

    assert [10, 15, 20, 25, 30, 35] == [frame.at for frame in frames]


def test_ties_go_by_the_order_of_the_paths(tmp_path: Path) -> None:
    """
    Of frames with the same time those of the earlier path come first, all of them.
    """
    files = [capture(tmp_path / str(link), 1, 1, 2, 2, link=link) for link in (7, 3, 5)]

    frames, _ = read_files(*files)

    assert [7, 7, 3, 3, 5, 5, 7, 7, 3, 3, 5, 5] == [frame.link for frame in frames]


def test_order_within_a_file_is_kept(tmp_path: Path) -> None:
    """
    A file whose times go back is not sorted: what goes back comes at once.
    """
    files = [capture(tmp_path / "a", 5, 1, 8, link=1), capture(tmp_path / "b", 4, 6, 7, link=2)]

    frames, _ = read_files(*files)

    assert [(4, 2), (5, 1), (1, 1), (6, 2), (7, 2), (8, 1)] == [(f.at, f.link) for f in frames]


@given(st.lists(st.lists(st.integers(0, 20), max_size=8), max_size=6))
@settings(max_examples=150, deadline=None)
def test_merging_any_files(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]]
) -> None:
    """
    Merging always takes the smallest of (next time, place): the plain definition, recomputed.
    """
    folder = tmp_path_factory.mktemp("merge")
    paths = [capture(folder / str(n), *times, link=n) for n, times in enumerate(files)]
    left = [list(times) for times in files]
    expected = []
    while any(left):
        _, place = min((times[0], n) for n, times in enumerate(left) if times)
        expected.append((left[place].pop(0), place))

    frames, problems = read_files(*paths)

    assert [] == problems
    assert expected == [(frame.at, frame.link) for frame in frames]


def test_pcap_and_pcapng_merge(tmp_path: Path) -> None:
    """
    Format and compression are each file's own matter; standard input takes part.
    """
    (tmp_path / "a").write_bytes(section() + interface(name="x") + enhanced(2, b"ng"))
    (tmp_path / "b").write_bytes(gzip.compress(pcap([ONE])))
    paths = [str(tmp_path / "a"), "-", str(tmp_path / "b")]
    captures = Captures(paths, stdin=io.BytesIO(pcap([THREE])))

    assert [ONE, Frame(2_000, b"ng", 1, 2, "x"), THREE] == list(captures)
    assert [] == captures.problems


def test_named_pipe_is_read_once(tmp_path: Path) -> None:
    """
    What cannot be opened again stays open until its turn comes.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(pcap([TWO, THREE]),))
    writer.start()

    captures = Captures([str(pipe), str(capture(tmp_path / "a", 1_000))])
    frames = list(captures)
    writer.join()

    assert [1_000, 2_000, 3_000] == [frame.at for frame in frames]
    assert captures.octets_total is None


def test_more_files_than_can_be_open(tmp_path: Path) -> None:
    """
    Files that do not overlap are not open at the same time.
    """
    resource = pytest.importorskip("resource", reason="a limit of POSIX systems")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    paths = [capture(tmp_path / str(n), n) for n in range(200)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        frames, problems = read_files(*paths)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert [] == problems
    assert list(range(200)) == [frame.at for frame in frames]


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        (b"", f"is empty; {EXPECTED}"),
        (gzip.compress(b""), f"is empty; {EXPECTED}"),
        (b"\xd4\xc3", f"is not a capture: it begins with d4 c3 at octet 0; {EXPECTED}"),
        (b"PK\x03\x04", f"is not a capture: it begins with 50 4b 03 04 at octet 0; {EXPECTED}"),
        (
            gzip.compress(b"<html>"),
            f"is not a capture: it begins with 3c 68 74 6d at octet 0; {EXPECTED}",
        ),
        (
            gzip.compress(pcap([ONE]))[:10],
            "the gzip data is cut: its end is missing, at octet 0, before the first record",
        ),
    ],
    ids=["empty", "gzip of nothing", "half a magic", "zip", "gzip of html", "cut gzip"],
)
def test_what_is_not_a_capture(tmp_path: Path, octets: bytes, what: str) -> None:
    """
    A file that is no capture is one problem that says what would be right; the others go on.
    """
    bad = tmp_path / "bad"
    bad.write_bytes(octets)

    frames, problems = read_files(bad, capture(tmp_path / "good", 1, 2))

    assert [1, 2] == [frame.at for frame in frames]
    assert [f"{bad}: {what}"] == problems


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file or directory"),
        (".", "Is a directory"),
        ("nul\0", "embedded null byte"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_what_cannot_be_opened(tmp_path: Path, name: str, reason: str) -> None:
    """
    A path that cannot be opened is one problem; the other files go on.
    """
    captures = Captures([f"{tmp_path}/{name}", str(capture(tmp_path / "good", 1))])

    assert [1] == [frame.at for frame in captures]
    assert 1 == len(captures.problems)
    assert captures.problems[0].endswith(f"cannot be opened ({reason}); {EXPECTED}")


def test_problem_stays_on_one_line() -> None:
    """
    A path of any octets is printed so that a problem is one line.
    """
    captures = Captures(["a\nb\udcff\x1b[1m"])

    assert [] == list(captures)
    assert captures.problems[0].startswith("a\\nb\\udcff\\x1b[1m: cannot be opened")


def test_read_that_fails_is_a_problem() -> None:
    """
    An error in the middle keeps what was read before it.
    """

    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            if octets := super().read1(size):
                return octets
            raise OSError(5, "Input/output error")

    octets = pcap([ONE, TWO])
    captures = Captures(["-"], stdin=Failing(octets))

    assert [ONE, TWO] == list(captures)
    where = f"in record 3 at octet {len(octets)}"
    assert [
        f"standard input: cannot be read further (Input/output error), {where}"
    ] == captures.problems


def test_cut_file_among_others(tmp_path: Path) -> None:
    """
    A cut file ends where it is cut; the other files go on after it.
    """
    cut = capture(tmp_path / "cut", 1, 3, 5)
    cut.write_bytes(cut.read_bytes()[:-1])

    frames, problems = read_files(cut, capture(tmp_path / "good", 2, 4, 6))

    assert [1, 2, 3, 4, 6] == [frame.at for frame in frames]
    assert [f"{cut}: cut in record 3 at octet 56: 16 octets were to come, 15 are there"] == problems


def test_progress_counts_octets_on_disk(tmp_path: Path) -> None:
    """
    Progress is counted before decompression, every file once.
    """
    first = capture(tmp_path / "a", 1, 2)
    second = tmp_path / "b"
    second.write_bytes(gzip.compress(pcap([THREE] * 1000)))
    captures = Captures([str(first), str(second)])
    total = first.stat().st_size + second.stat().st_size

    assert (0, total) == (captures.octets_read, captures.octets_total)
    assert 1002 == len(list(captures))
    assert total == captures.octets_read


def test_progress_does_not_run_ahead(tmp_path: Path) -> None:
    """
    The look at when a file begins does not count as reading it.
    """
    first, second = capture(tmp_path / "a", 1, 2), capture(tmp_path / "b", 3, 4, 5)
    captures = Captures([str(second), str(first)])
    stream = iter(captures)

    next(stream)

    assert first.stat().st_size == captures.octets_read


def test_standard_input_has_no_total(tmp_path: Path) -> None:
    """
    How much standard input will bring is not known beforehand.
    """
    captures = Captures([str(capture(tmp_path / "a", 1)), "-"], stdin=io.BytesIO(pcap([ONE])))

    assert captures.octets_total is None


def test_memory_is_bounded(tmp_path: Path) -> None:
    """
    Files are read as they are used: a frame of the first megabyte comes before the second.
    """
    path = tmp_path / "long"
    path.write_bytes(pcap([Frame(0, bytes(1_000), 1, 1_000)] * 5_000))
    captures = Captures([str(path)])
    stream = iter(captures)

    next(stream)

    assert captures.octets_read < 500_000


def test_iterating_again_reads_again(tmp_path: Path) -> None:
    """
    A second pass begins anew, problems included, also after a first one that was given up.
    """
    cut = capture(tmp_path / "a", 1, 2)
    cut.write_bytes(cut.read_bytes()[:-1])
    captures = Captures([str(cut), str(capture(tmp_path / "b", 1, 3))])
    stream = iter(captures)
    next(stream)
    del stream

    assert [1, 1, 3] == [frame.at for frame in captures]
    assert [1, 1, 3] == [frame.at for frame in captures]
    assert 1 == len(captures.problems)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_octets_never_raise(octets: bytes) -> None:
    """
    Any octets give frames or problems, and what is no capture at all gives one problem.
    """
    frames, problems = read(octets)

    assert frames or problems


BASES = [
    pcap([ONE, TWO, THREE]),
    pcap([ONE, TWO, THREE], ">", NANOSECONDS),
    section() + interface(name="eth0", resolution=9) + enhanced(1, b"abc") + enhanced(2, b"d"),
    section(">") + interface(">") + enhanced(1, b"abc", ">"),
    gzip.compress(pcap([ONE, TWO])),
    zstandard.compress(pcap([ONE, TWO])),
    lzma.compress(pcap([ONE, TWO])),
]


@given(st.sampled_from(BASES), st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_captures_never_raise(base: bytes, data: st.DataObject) -> None:
    """
    Captures with octets changed, cut out or put in give frames or problems.
    """
    octets = bytearray(base)
    for place in data.draw(st.lists(st.integers(0, len(base)), max_size=6)):
        length = data.draw(st.integers(0, 8))
        octets[place : place + length] = data.draw(st.binary(max_size=8))

    _, problems = read(bytes(octets))

    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize("how", ["plain", *COMPRESSIONS, "short", "pipe"])
def test_plain_file_is_read_into_memory(tmp_path: Path, how: str) -> None:
    """
    A file on disk that is not compressed gives its octets where they are wanted, and says how
    many; of any other that is not asked.
    """
    octets = b"\x1f" if how == "short" else pcap([ONE, TWO])
    path = tmp_path / "a"
    if how == "pipe":
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(octets,)).start()
    else:
        path.write_bytes(COMPRESSIONS.get(how, bytes)(octets))
    file = File(str(path), None)

    with path.open("rb", buffering=0) as source:
        stream = Stream(file, source)
        is_plain = stream.is_plain()
        chunks = b"" if is_plain else b"".join(stream.chunks())
        into = bytearray(100)
        came = [stream.read_into(memoryview(into)[place:]) for place in (0, len(octets))]

    assert (how in {"plain", "short"}) == is_plain
    expected = (b"", [len(octets), 0]) if is_plain else (octets, [0, 0])
    assert expected == (chunks, came)
    assert not is_plain or octets == into[: len(octets)]


def test_read_that_fails_breaks_the_stream(tmp_path: Path) -> None:
    """
    What the system says is handed on; a file that cannot be looked at is not plain.
    """
    path = capture(tmp_path / "a", 1)
    with path.open("rb", buffering=0) as source:
        stream = Stream(File(str(path), None), source)

    assert not stream.is_plain()
    with pytest.raises(StreamError, match="cannot be read further"):
        stream.read_into(memoryview(bytearray(9)))
