"""The fuzzer in a run of bounded length, and the corpus that it keeps.

`python -m tests.sieve.fuzz --minutes 60` goes on for longer and with other inputs.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from sensor.sieve.reasons import Reason
from tests.replays import ROOT
from tests.sieve import fuzz, inputs
from tests.sieve.law import World

INPUTS: Final = 250_000  # some thirty seconds
SEED: Final = 4


def run(*arguments: str, **switches: str) -> subprocess.CompletedProcess[str]:
    """Fuzz in a process of its own; compiled code has a folder for each of the switches."""
    return subprocess.run(
        [sys.executable, "-m", "tests.sieve.fuzz", "--minutes", "60", *arguments],
        cwd=ROOT,
        env={**os.environ, **switches},
        capture_output=True,
        text=True,
        check=False,
    )


def test_corpus_keeps_the_law() -> None:
    """
    All that ever broke the law, or took a way of its own, keeps it.
    """
    assert len(inputs.corpus()) > 100
    assert [] == [how for given in inputs.corpus() if (how := fuzz.wrong(given))]


def test_changed_inputs_keep_the_law_with_bounds_checked(tally: Callable[[str], None]) -> None:
    """
    No read is out of bounds, nothing raises, and the river finds nothing in what is dropped.
    """
    done = run("--inputs", str(INPUTS), "--seed", str(SEED), NUMBA_BOUNDSCHECK="1")
    told = done.stdout.splitlines()
    tally(told[-1])

    assert (0, "") == (done.returncode, done.stderr)
    assert [f"seed {SEED}, bounds checked", f"{INPUTS} other inputs, 0 break the law"] == [
        told[0],
        told[-1].split(" kept and ")[1],
    ]


def test_corpus_reaches_nearly_every_line(tally: Callable[[str], None]) -> None:
    """
    Nine in ten lines of the kernels are run by the corpus alone; the tally has the number.
    """
    done = run("--inputs", "0", "--seed", "0", NUMBA_DISABLE_JIT="1")
    found = re.search(r"(\d+) of (\d+) lines run", done.stdout)
    assert found is not None
    tally(found[0])

    assert 0 == done.returncode
    assert int(found[1]) > 0.9 * int(found[2]) > 300


def test_a_kernel_that_drops_all_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Were all frames dropped, or all passed, the corpus would tell.
    """
    for reason in (Reason.DROPPED_OTHER, Reason.DROPPED_DNS):
        monkeypatch.setattr(World, "judged", lambda *_, said=reason: said)

        assert any(map(fuzz.wrong, inputs.kept_frames()))
        assert any(map(fuzz.wrong, inputs.kept_captures()))


def test_what_raises_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An exception ends one input, not the run, and is told.
    """
    monkeypatch.setattr(World, "judged", lambda *_: 1 // 0)

    assert "raises ZeroDivisionError" in fuzz.wrong((1, b"abc"))
    assert "raises ZeroDivisionError" in fuzz.wrong(max(inputs.kept_captures(), key=len))


def test_inputs_are_the_same_of_one_seed() -> None:
    """
    A seed tells all that follows; another tells something else.
    """
    one, same, other = (iter(inputs.Inputs(seed, with_real=False)) for seed in (1, 1, 2))
    drawn = [[next(each) for _ in range(50)] for each in (one, same, other)]

    assert drawn[0] == drawn[1] != drawn[2]
    assert {bytes, tuple} == {type(given) for given in drawn[0]}


def test_what_is_kept_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is added to the corpus comes back as it was.
    """
    monkeypatch.setattr(inputs, "FRAMES", tmp_path / "frames.txt")
    monkeypatch.setattr(inputs, "CAPTURES", tmp_path / "captures.txt")
    given: list[inputs.Input] = [(1, b"abc"), (276, b""), b"def"]

    for each in given:
        inputs.keep(each)

    assert given == [*inputs.read_frames(), *inputs.read_captures()]
