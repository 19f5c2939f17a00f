"""What the fuzzer tries: the corpus that it kept, and frames and captures that it changes."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from sensor.frame import Frame
from tests.capture.capture_writer import (
    MICROSECONDS,
    NANOSECONDS,
    PATCHED,
    enhanced,
    interface,
    option,
    pcap,
    section,
)
from tests.realdata import REALDATA
from tests.sieve.law import CASES, frames
from tests.sieve.mixtures import drawn, frames_of
from tests.sieve.mutate import changed

CORPUS: Final = Path(__file__).with_name("corpus")
FRAMES: Final = CORPUS / "frames.txt"  # a link type and octets in hexadecimal, one frame a line
CAPTURES: Final = CORPUS / "captures.txt"  # octets in hexadecimal, one capture a line
LINKS: Final = (1, 1, 1, 1, 0, 9, 12, 50, 51, 101, 108, 113, 276)
CAPTURE_SHARE: Final = 0.15
LARGEST_REAL: Final = 300_000  # octets of a real capture
EVERY_REAL: Final = 7  # one in so many of their frames

# A frame with its link type, or a capture.
Linked: TypeAlias = tuple[int, bytes]
Input: TypeAlias = Linked | bytes


def read_frames() -> list[Linked]:
    found = []
    for line in FRAMES.read_text().splitlines():
        link, _, octets = line.partition(" ")
        found.append((int(link), bytes.fromhex(octets)))
    return found


def read_captures() -> list[bytes]:
    return [bytes.fromhex(line) for line in CAPTURES.read_text().splitlines()]


kept_frames: Final = cache(read_frames)
kept_captures: Final = cache(read_captures)


@cache
def own_frames() -> list[Linked]:
    """The frames of the cases in pcaps/."""
    paths = sorted(path for path in CASES.rglob("*.pcap*") if path.stat().st_size < 20_000)
    return [(frame.link, frame.data) for path in paths for frame in frames(path)]


@cache
def drawn_frames() -> list[Linked]:
    return [(1, data) for part in drawn(8, 3000) for data in frames_of(part)]


@cache
def _real() -> list[Linked]:
    """Some frames of the real captures, none where these are not."""
    paths = [path for path in sorted((REALDATA / "pcaps").rglob("*")) if path.is_file()]
    return [
        (frame.link, frame.data)
        for path in paths
        if path.stat().st_size < LARGEST_REAL
        for frame in frames(path)[::EVERY_REAL]
    ]


class Inputs:
    """Frames and captures without end, always the same of one seed and pools."""

    def __init__(self, seed: int, *, with_real: bool) -> None:
        self._chance = random.Random(seed)
        pools = (kept_frames(), own_frames(), drawn_frames(), _real() if with_real else [])
        self._pools = [pool for pool in pools if pool]

    def __iter__(self) -> Iterator[Input]:
        while True:
            yield self._capture() if self._chance.random() < CAPTURE_SHARE else self._frame()

    def _any(self) -> Linked:
        return self._chance.choice(self._chance.choice(self._pools))

    def _frame(self) -> Linked:
        """A changed frame, mostly with the link type that it had."""
        link, octets = self._any()
        if self._chance.random() < 0.1:
            link = self._chance.choice(LINKS)
        return link, changed(self._chance, octets, self._any()[1])

    def _capture(self) -> bytes:
        """A changed capture, one that was kept or one of a few frames."""
        chance = self._chance
        if kept_captures() and chance.random() < 0.5:
            return changed(chance, chance.choice(kept_captures()), b"")
        octets = written(chance, [self._any() for _ in range(chance.randint(0, 4))])
        return changed(chance, octets, b"") if chance.random() < 0.8 else octets


def written(chance: random.Random, linked: list[Linked]) -> bytes:
    """A capture of frames in either format, order and unit, at a few times."""
    some = [
        Frame(chance.choice([0, 1, 5, 9, 1 << 31]) * 1_000_000, data, link, len(data))
        for link, data in linked
    ]
    order = chance.choice("<>")
    if chance.random() < 0.5:
        magic = chance.choice([MICROSECONDS, NANOSECONDS, PATCHED])
        return pcap(some, order, magic, link=chance.choice(LINKS))
    options = chance.choice([b"", option(1, b"noted", order)])
    head = section(order) + b"".join(
        interface(order, link=link, resolution=chance.choice([None, 6, 9, 0x83]), offset=place)
        for place, link in enumerate(chance.sample(LINKS, 2))
    )
    return head + b"".join(
        enhanced(each.at, each.data, order, number=chance.randrange(2), options=options)
        for each in some
    )


def line_of(given: Input) -> tuple[Path, str]:
    """The file and the line by which an input is kept."""
    if isinstance(given, bytes):
        return CAPTURES, given.hex()
    return FRAMES, f"{given[0]} {given[1].hex()}"


def corpus() -> list[Input]:
    """All that was kept."""
    return [*kept_frames(), *kept_captures()]


def keep(given: Input) -> None:
    """Add an input to the corpus."""
    path, line = line_of(given)
    with path.open("a") as file:
        file.write(f"{line}\n")
