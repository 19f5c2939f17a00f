"""Measure what a second thread saves: one and two in turn, on the same capture.

    python bench/threads.py                     5 M packets, DNS only, five rounds
    python bench/threads.py --packets 1000000 --kind mixed --rounds 3

Once the sieve alone, what passes thrown away, in this process; and once the whole of `dns-sensor
replay`, on one processor and on two. Wall times, medians. Prints Markdown.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import speed  # noqa: E402
from bench.kernel import PORTS  # noqa: E402
from bench.names import WATCHED  # noqa: E402
from sensor.capture.sifted import Sifted  # noqa: E402
from sensor.capture.stretch import Sieve  # noqa: E402
from sensor.sieve.tables import Tables  # noqa: E402

PACKETS: Final = 5_000_000
THREADS: Final = (1, 2)
BAR: Final = 0.6  # of the time of one thread
# Of two processors' time, what others took while two threads ran: past it a ratio says little.
DISTURBED: Final = 0.1


class Run(NamedTuple):
    """Wall seconds, and the share of the processors' time that went to others."""

    wall: float
    others: float


def sifted(path: Path, threads: int) -> None:
    """Walk with the sieve, and throw away what passes."""
    tables = Tables.of([WATCHED], PORTS, any_port=True)
    for _ in Sifted([str(path)], Sieve(lambda: tables.arguments), threads=threads):
        pass


def replayed(path: Path, processors: int) -> None:
    """Run the command on so many processors; it takes as many threads."""
    allowed = sorted(os.sched_getaffinity(0))[:processors]
    within = (
        f"import os, sys; os.sched_setaffinity(0, {allowed}); "
        "from sensor.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", within, "replay", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def timed(work: Callable[[Path, int], None], path: Path, threads: int) -> Run:
    before, own = _busy(), _own()
    begun = time.perf_counter()
    work(path, threads)
    wall = time.perf_counter() - begun
    others = _busy() - before - (_own() - own)
    return Run(wall, max(0.0, others / wall / (os.cpu_count() or 1)))


def _own() -> float:
    """Give the processor seconds of this process and of those it waited for."""
    return sum(os.times()[:4])


def _busy() -> float:
    """Give the processor seconds that the machine has spent on anything (proc_stat(5))."""
    user, nice, system, _, _, interrupts, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def table(rounds: dict[str, list[tuple[Run, Run]]]) -> Iterator[str]:
    """Tell the times, and what part of one thread's time two take."""
    yield "| | one thread, s | two threads, s | ratio | bar | others took |"
    yield "|---|--:|--:|--:|---|--:|"
    for name, runs in rounds.items():
        one, two = ([run[place].wall for run in runs] for place in (0, 1))
        ratio = median(two) / median(one)
        others = median(run.others for _, run in runs)
        yield (
            f"| {name} | {_range(one)} | {_range(two)} | {ratio:.2f} "
            f"| {BAR}: {'met' if ratio <= BAR else '**missed**'} | {others:.0%} |"
        )
    for name, runs in rounds.items():
        if median(run.others for _, run in runs) > DISTURBED:
            yield ""
            yield f"**The machine was busy** while `{name}` ran on two."


def _range(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.3f} ({min(seconds):.3f}-{max(seconds):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--packets", type=int, default=PACKETS)
    parser.add_argument("--kind", choices=speed.KINDS, default="dns")
    parser.add_argument("--rounds", type=int, default=speed.ROUNDS)
    given = parser.parse_args()
    path = speed.capture(given.kind, given.packets, speed.SEED)
    speed.warm(path)
    rounds: dict[str, list[tuple[Run, Run]]] = {}
    for name, work in (("sieve", sifted), ("replay", replayed)):
        work(path, 1)  # compiles, and loads what is on disk
        rounds[name] = [
            (timed(work, path, THREADS[0]), timed(work, path, THREADS[1]))
            for _ in range(given.rounds)
        ]
    print("\n".join((*speed.machine(), "", f"{path.name}, medians of {given.rounds}.", "")))
    print("\n".join(table(rounds)))


if __name__ == "__main__":
    main()
