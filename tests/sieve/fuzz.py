"""Fuzz the kernels: change frames and captures, and hold what the kernels say to the river.

    python -m tests.sieve.fuzz [--inputs N | --minutes N] [--seed N] [--keep]

Of each frame: what the river finds passes, what it counts is counted, alone in an array of its
length and among other octets. Of each capture: what passes of it, what is counted and what is told
to be wrong are those of the reader in Python; and octets behind the held ones change nothing. No
input may raise.

The inputs come of the corpus beside this, of the cases in pcaps/, of drawn traffic, and of real
captures where they are. `--keep` adds to the corpus what breaks the law; with NUMBA_DISABLE_JIT=1,
where kernels are plain Python, also what takes a new way through them; nothing then comes of real
captures. With NUMBA_BOUNDSCHECK=1 nothing is run before a read out of bounds was seen to raise.

A fuzzer of Python such as atheris is led by the bytecode that an input runs; compiled kernels run
none. So the way is told here where nothing is compiled, and where it is, inputs are many and blind.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import numpy as np

from sensor.capture.files import Captures
from sensor.capture.sifted import Sifted
from sensor.capture.stretch import Sieve
from sensor.sieve import walk
from sensor.sieve.compiled import config, kernel
from sensor.sieve.reasons import LAST_DROPPED
from sensor.sieve.walk import At, Walk
from tests.sieve import ways
from tests.sieve.inputs import Input, Inputs, corpus, drawn_frames, keep, line_of, own_frames
from tests.sieve.law import BEHIND, World

WORLD: Final = World()


@kernel
def beyond(octets: Any, at: Any) -> Any:
    """Read an octet; the caller has not made sure that it is there."""
    return octets[at]


def are_bounds_checked() -> bool:
    """Say whether a kernel that reads past its array raises."""
    try:
        beyond(np.frombuffer(b"abc", dtype=np.uint8), 3)
    except IndexError:
        return True
    return False


def wrong_with_frame(data: bytes, link: int) -> str:
    """Say how the law is broken for a frame, nothing where it is kept."""
    try:
        return WORLD.broken(data, link)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is a finding)
        return f"raises {error!r}"


def wrong_with_capture(octets: bytes) -> str:
    """Say in what a sifted capture differs from one that is read whole."""
    try:
        return _against_the_reader(octets) or _against_what_is_behind(octets)
    except Exception as error:  # noqa: BLE001
        return f"raises {error!r}"


def _against_the_reader(octets: bytes) -> str:
    sieve = Sieve(lambda: WORLD.arguments)
    captures = Captures(["-"], stdin=BytesIO(octets))
    sifted = Sifted(["-"], sieve, stdin=BytesIO(octets))
    expected, now, passed = [], 0, 0
    counts = np.zeros((2, walk.REASONS), dtype=np.int64)
    for frame in captures:
        now = max(now, frame.at)
        reason = WORLD.judged(frame.data, frame.link)
        counts[:, reason] += 1, len(frame.data)
        if reason > LAST_DROPPED:
            expected.append((now, frame))
            passed += 1
    survivors = list(sifted)
    if expected != survivors:
        return f"{len(survivors)} frames pass, {passed} should"
    if (now, captures.problems) != (sifted.now, sifted.problems):
        return f"ends at {sifted.now} with {sifted.problems}, not {now} with {captures.problems}"
    if counts.tolist() != sifted.counts.by_reason.tolist():
        return f"counts {sifted.counts.by_reason.tolist()}, not {counts.tolist()}"
    return ""


_FORM: Final = np.array([0, 1_000, 16, 1, 262_144, 0, 1], dtype=np.int64)
_POINTS: Final = np.array([[1, 1_000, 1, 0, 1 << 50], [101, 1, 3, 7, 1 << 40]], dtype=np.int64)


def _against_what_is_behind(octets: bytes) -> str:
    """Walk what is held as both formats, in an array of its length and in one that goes on."""
    for number in range(2):
        alone, among = (_walked(number, octets + behind, len(octets)) for behind in (b"", BEHIND))
        if alone != among:
            return f"format {number}: {alone} alone, {among} among other octets"
        if not 0 <= alone[2][At.POSITION] <= len(octets):
            return f"format {number}: stops at {alone[2][At.POSITION]} of {len(octets)}"
    return ""


def _walked(number: int, octets: bytes, held: int) -> tuple[int, list[list[int]], list[int]]:
    going = Walk.begun(0, np.zeros((2, walk.REASONS), dtype=np.int64), room=1000)
    array = np.frombuffer(octets, dtype=np.uint8)
    if number:
        own: tuple[Any, ...] = (False, _POINTS, len(_POINTS))
        step: Any = walk.walk_blocks
    else:
        own, step = (_FORM,), walk.walk_records
    stop = step(array, held, held, *own, True, *going, *WORLD.arguments)
    return stop, going.taken(), going.state.tolist()


def wrong(given: Input) -> str:
    """Say what is wrong with an input, nothing where all is well."""
    if isinstance(given, bytes):
        return wrong_with_capture(given)
    return wrong_with_frame(given[1], given[0])


def fuzz(seed: int, count: int, until: float, *, is_kept: bool) -> int:
    """Try the corpus and so many other inputs, tell what is wrong, and give how many."""
    steps: set[ways.Step] = set()
    broken = sum(_tried(given, steps, is_kept=False) for given in corpus())
    fresh: Iterator[Input] = iter(Inputs(seed, with_real=not is_kept))
    if is_kept:
        short = sorted((*own_frames(), *drawn_frames()), key=lambda linked: len(linked[1]))
        fresh = itertools.chain(short, fresh)
    tried = 0
    for given in itertools.islice(fresh, count):
        if time.monotonic() > until:
            break
        broken += _tried(given, steps, is_kept=is_kept)
        tried += 1
    print(f"{len(corpus())} kept and {tried} other inputs, {broken} break the law")
    if steps:
        seen = {(name, line) for name, _, line in steps}
        print(f"{len(seen & ways.lines())} of {len(ways.lines())} lines run, {len(steps)} steps")
        for name, line in sorted(ways.lines() - seen):
            print(f"  {name} never ran line {line}")
    return broken


def _tried(given: Input, steps: set[ways.Step], *, is_kept: bool) -> bool:
    how = ""

    def run() -> None:
        nonlocal how
        how = wrong(given)

    if config.DISABLE_JIT:
        new = ways.taken(run) - steps
        steps |= new
    else:
        new = set()
        run()
    if how:
        print(f"{line_of(given)[1][:400]}\n  {how[:400]}", flush=True)
    if is_kept and (how or new):
        keep(given)
    return bool(how)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=sys.maxsize)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if config.BOUNDSCHECK and not are_bounds_checked():
        print("a read out of bounds does not raise")
        return 2
    print(f"seed {given.seed}, bounds {'' if config.BOUNDSCHECK else 'not '}checked", flush=True)
    until = time.monotonic() + 60 * given.minutes
    return 1 if fuzz(given.seed, given.inputs, until, is_kept=given.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
