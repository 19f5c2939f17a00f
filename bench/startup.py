"""Measure how long `replay` takes to start: with compiled code on disk, and without any.

    python bench/startup.py [--rounds N]

The capture has ten packets, so all is start-up. Wall time, medians of five rounds, each round with
and without the sieve, and with an empty cache. Prints Markdown, and whether the bars are met; a
machine that does other things too shows in what wall time is above CPU time.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
CAPTURE: Final = ROOT / "pcaps" / "streams" / "truncated-then-tcp" / "case.pcap"
ROUNDS: Final = 5


class Start(NamedTuple):
    """What is started: its name, its options, whether the cache is empty, the bar in seconds."""

    name: str
    options: tuple[str, ...]
    is_cold: bool
    bar: float | None


STARTS: Final = (
    Start("warm cache", (), is_cold=False, bar=1.0),
    Start("empty cache", (), is_cold=True, bar=12.0),
    Start("--no-sieve", ("--no-sieve",), is_cold=False, bar=None),
)


class Run(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float


def run(start: Start) -> Run:
    """Replay once; anything but success is an error of the bench."""
    command = [sys.executable, "-m", "sensor", "replay", *start.options, str(CAPTURE)]
    with TemporaryDirectory() as empty:
        environment = {**os.environ, **({"NUMBA_CACHE_DIR": empty} if start.is_cold else {})}
        begun = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: exit {child.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime)


def measure(rounds: int, starts: Sequence[Start] = STARTS) -> dict[Start, list[Run]]:
    """Run each in turn, so many rounds."""
    runs: dict[Start, list[Run]] = {start: [] for start in starts}
    for start in starts:
        if not start.is_cold:
            run(start)  # compiles, and loads what is on disk
    for number in range(1, rounds + 1):
        for start, done in runs.items():
            print(f"round {number} of {rounds}, {start.name}", file=sys.stderr, flush=True)
            done.append(run(start))
    return runs


def table(runs: Mapping[Start, list[Run]]) -> list[str]:
    """Tell what was measured."""
    lines = ["| replay of ten packets | wall s | CPU s | bar |", "|---|--:|--:|---|"]
    for start, done in runs.items():
        walls = sorted(each.wall for each in done)
        wall, cpu = median(walls), median(each.cpu for each in done)
        bar = "" if start.bar is None else f"< {start.bar:g} s: {_met(wall < start.bar)}"
        spread = f"({walls[0]:.2f}-{walls[-1]:.2f})"
        lines.append(f"| {start.name} | {wall:.2f} {spread} | {cpu:.2f} | {bar} |")
    return lines


def _met(is_met: bool) -> str:  # noqa: FBT001
    return "met" if is_met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    print("\n".join(table(measure(given.rounds))))


if __name__ == "__main__":
    main()
