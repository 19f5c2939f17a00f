"""Measure how many packets a second we and others take, side by side on the same captures.

    make bench                          all of it, some fifteen minutes
    python bench/speed.py --quick       a try: a tenth of the packets, each once

The captures are generated (see bench/traffic.py) and kept in build/bench. Each runner takes a
smaller and a larger one, in turn with the others. Speed is the slope between the two: the cost of
a packet in CPU time, user and system of all threads. What is left at zero packets is start-up.
Medians of all rounds.

The bars are those of one core, so all run on one, each by itself. Prints Markdown; progress goes
to standard error.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import peers  # noqa: E402
from bench.peers import Runner  # noqa: E402

# Nothing large is imported here, and captures are made by another process: a child's peak memory
# begins with that of the process it was forked from.
CAPTURES: Final = ROOT / "build" / "bench"
MAKERS: Final = ("wire.py", "captures.py", "draw.py", "names.py", "traffic.py")
KINDS: Final = ("dns", "mixed")
SEED: Final = 4
ROUNDS: Final = 5
QUICK: Final = 10  # so many times fewer packets
MEGA: Final = 1_000_000

# In packets per CPU-second, for each kind of capture.
BARS: Final[Mapping[str, Mapping[str, float]]] = {
    "dns": {peers.KERNEL: 6.0 * MEGA, peers.REPLAY: 3.0 * MEGA},
    "mixed": {peers.KERNEL: 8.0 * MEGA, peers.REPLAY: 5.0 * MEGA},
}
TIMES_DPKT: Final = 60
SURVIVOR_MICROSECONDS: Final = 100
PEAK_MEGABYTES: Final = 250
OF_ONE_NAME: Final = 0.7
UNDISTURBED: Final = 1.15  # wall by CPU time: a start reads files, a run writes its output


class Run(NamedTuple):
    """One run: CPU and wall seconds, peak resident octets, what it found.

    `reasons` is what the kernels said of the packets, `held` how many were held back for good.
    """

    cpu: float
    wall: float
    peak: int
    found: int
    reasons: dict[str, int]
    held: int


class Measured(NamedTuple):
    """A runner's runs on a smaller and a larger capture."""

    runner: Runner
    sizes: tuple[int, int]
    runs: tuple[list[Run], list[Run]]

    @property
    def each(self) -> float:
        """CPU seconds of a packet."""
        small, large = (median(run.cpu for run in runs) for runs in self.runs)
        return max(large - small, 1e-9) / (self.sizes[1] - self.sizes[0])

    @property
    def speed(self) -> float:
        return 1 / self.each

    @property
    def speeds(self) -> tuple[float, float]:
        """The slowest and the fastest round."""
        more = self.sizes[1] - self.sizes[0]
        each = [max(large.cpu - small.cpu, 1e-9) for small, large in zip(*self.runs, strict=True)]
        return more / max(each), more / min(each)

    @property
    def start(self) -> float:
        """CPU seconds at zero packets."""
        return max(0.0, median(run.cpu for run in self.runs[0]) - self.sizes[0] * self.each)

    @property
    def wall(self) -> float:
        return median(run.wall for run in self.runs[1])

    @property
    def peak(self) -> float:
        """Megabytes, the most of all runs."""
        return max(run.peak for runs in self.runs for run in runs) / MEGA

    @property
    def last(self) -> Run:
        return self.runs[1][-1]


def measure(command: Sequence[str], runner: Runner, stats: Path, output: Path) -> Run:
    """Run to the end; anything but success is an error of the bench."""
    stats.unlink(missing_ok=True)
    with output.open("wb") as file:
        begun = time.perf_counter()
        child = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        text = output.read_text("utf-8", "replace")
        sys.exit(f"{' '.join(command)}: exit {child.returncode}\n{text[-2000:]}")
    said = json.loads(stats.read_text()) if stats.exists() else {}
    if runner.name.startswith(peers.KERNEL):
        said = json.loads(output.read_text())
    return Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        peak=usage.ru_maxrss * 1024,
        found=sum(map(runner.found, _pages(output))),
        reasons=said.get("sieve", {}),
        held=said.get("held", 0),
    )


def _pages(output: Path) -> Iterator[str]:
    """Give what was printed, some lines at a time: with all of it this process would be large."""
    with output.open(encoding="utf-8", errors="replace") as file:
        is_first = True
        while (lines := file.readlines(MEGA)) or is_first:
            yield "".join(line for line in lines if not _is_greeting(line))
            is_first = False


def _is_greeting(line: str) -> bool:
    """What tcpdump, tshark and we say beside the result."""
    return line.startswith(("reading from file", "Running as user", "dns-sensor: "))


def capture(kind: str, packets: int, seed: int) -> Path:
    """Find a capture, or generate it; any change of the generator makes it anew."""
    digest = hashlib.blake2b(digest_size=4)
    for name in MAKERS:
        digest.update((ROOT / "bench" / name).read_bytes())
    CAPTURES.mkdir(parents=True, exist_ok=True)
    path = CAPTURES / f"{kind}-{packets}-{seed}-{digest.hexdigest()}.pcap"
    if not path.exists():
        for old in CAPTURES.glob(f"{kind}-{packets}-{seed}-*.pcap"):
            old.unlink()
        _progress(f"generating {path.name}")
        maker = str(ROOT / "bench" / "traffic.py")
        command = [sys.executable, maker, kind, str(packets), str(seed), str(path)]
        subprocess.run(command, check=True)
    return path


def warm(path: Path) -> None:
    """Have a file in the page cache."""
    buffer = bytearray(MEGA)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def compare(kind: str, runners: Sequence[Runner], rounds: int, less: int) -> list[Measured]:
    """Run all in turn, so many rounds."""
    all_measured = [
        Measured(runner, (runner.sizes[0] // less, runner.sizes[1] // less), ([], []))
        for runner in runners
    ]
    files = {
        packets: capture(kind, packets, SEED)
        for packets in sorted({size for each in all_measured for size in each.sizes})
    }
    with TemporaryDirectory(dir=CAPTURES) as folder:
        stats, output = Path(folder, "stats"), Path(folder, "output")
        for each in all_measured:  # compiles, and loads what is on disk
            path = str(files[each.sizes[0]])
            measure(each.runner.command(path, str(stats)), each.runner, stats, output)
        for file in files.values():
            warm(file)
        for number in range(1, rounds + 1):
            for each in all_measured:
                _progress(f"{kind}: round {number} of {rounds}, {each.runner.name}")
                for packets, runs in zip(each.sizes, each.runs, strict=True):
                    command = each.runner.command(str(files[packets]), str(stats))
                    runs.append(measure(command, each.runner, stats, output))
    return all_measured


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def table(all_measured: Sequence[Measured]) -> Iterator[str]:
    """Tell what was measured, fastest first."""
    ours = next(each for each in all_measured if each.runner.name == peers.REPLAY)
    yield (
        "| | packets per CPU-second | replay is so many times | start-up, CPU s "
        "| on packets | CPU s | wall s | peak MB | found | reads |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    for each in sorted(all_measured, key=lambda one: one.each):
        cpu = sorted(run.cpu for run in each.runs[1])
        slowest, fastest = (speed / 1000 for speed in each.speeds)
        yield (
            f"| {each.runner.name} | {each.speed / 1000:,.0f} k ({slowest:,.0f}-{fastest:,.0f}) "
            f"| {ours.speed / each.speed:,.2f} "
            f"| {each.start:.2f} | {each.sizes[0]:,} and {each.sizes[1]:,} "
            f"| {median(cpu):.2f} ({cpu[0]:.2f}-{cpu[-1]:.2f}) | {each.wall:.2f} "
            f"| {each.peak:,.0f} | {each.last.found:,} | {each.runner.reads} |"
        )


def disturbance(all_measured: Sequence[Measured]) -> Iterator[str]:
    """Warn when others took the cores: no runner waits for anything but them."""
    runs = [run for each in all_measured for run in each.runs[1]]
    share = sum(run.wall for run in runs) / sum(run.cpu for run in runs)
    if share > UNDISTURBED:
        yield f"**The machine was busy**: runs took {share:.2f} times their CPU time."
        yield ""


def survivors(by_name: Mapping[str, Measured]) -> Iterator[str]:
    """Tell what passed the sieve, and what each of it cost in the river."""
    replay, kernel = by_name[peers.REPLAY], by_name.get(peers.KERNEL)
    reasons = replay.last.reasons or (kernel.last.reasons if kernel else {})
    if kernel is None or not reasons:
        yield "No sieve: every packet is a survivor."
        return
    passed = {name: n for name, n in reasons.items() if not name.startswith("dropped")}
    number = sum(passed.values())
    listed = ", ".join(f"{name} {n:,}" for name, n in sorted(passed.items()))
    yield f"Of {replay.sizes[1]:,} packets {number:,} pass: {listed}."
    if replay.last.held:
        yield f"Of these {replay.last.held:,} are held back, put together, and go no further."
    if number:
        spent = (replay.each - kernel.each) * replay.sizes[1] / number * MEGA
        yield ""
        yield (
            f"A survivor costs {spent:.1f} µs of CPU: what `replay` takes more than the kernel, "
            f"by survivor. {_bar(spent, at_most=SURVIVOR_MICROSECONDS)}"
        )


def bars(kind: str, by_name: Mapping[str, Measured]) -> Iterator[str]:
    """Tell which bars are met."""
    replay, kernel = by_name[peers.REPLAY], by_name.get(peers.KERNEL)
    for name, least in BARS[kind].items():
        if name in by_name:
            speed = by_name[name].speed
            yield f"- {name}: {speed / MEGA:.2f} M packets/s. {_bar(speed / MEGA, least / MEGA)}"
    if kernel and (many := by_name.get("kernel, 100,000 names")):
        share = many.speed / kernel.speed
        yield f"- 100,000 names: {share:.2f} of the rate with one. {_bar(share, OF_ONE_NAME)}"
    if dpkt := by_name.get(peers.DPKT):
        times = replay.speed / dpkt.speed
        yield f"- replay is {times:.1f} times the dpkt loop. {_bar(times, TIMES_DPKT)}"
    yield f"- replay's peak: {replay.peak:.0f} MB. {_bar(replay.peak, at_most=PEAK_MEGABYTES)}"
    ran = [
        each
        for each in by_name.values()
        if each.runner in peers.PEERS and each.runner.name != peers.FLOOR
    ]
    ahead = [each.runner.name for each in ran if each.speed >= replay.speed]
    yield f"- of {len(ran)} peers that ran, ahead of replay: {', '.join(ahead) or 'none'}."


def _bar(value: float, least: float | None = None, *, at_most: float | None = None) -> str:
    """Say what was wanted and whether it is so."""
    if least is not None:
        return f"Bar {least:g}: {'met' if value >= least else '**missed**'}."
    return f"Bar {at_most:g} at most: {'met' if value <= (at_most or 0) else '**missed**'}."


def machine() -> Iterator[str]:
    """Tell where this ran and with what."""
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    kernel = f"{platform.system()} {platform.release()}"
    yield f"{os.cpu_count()} × {', '.join(models) or platform.machine()}, {kernel}."
    yield ""
    yield f"Python {platform.python_version()}, {', '.join(_versions())}."


def _versions() -> Iterator[str]:
    from importlib import metadata  # noqa: PLC0415

    for package in ("numba", "llvmlite", "numpy", "dpkt", "scapy"):
        try:
            yield f"{package} {metadata.version(package)}"
        except metadata.PackageNotFoundError:
            continue
    asked: dict[str, list[str]] = {
        "tshark": ["tshark", "--version"],
        "tcpdump": ["tcpdump", "--version"],
        "dnscap": ["dnscap", "-V"],
        "dnsjit": ["dpkg-query", "-Wf", "dnsjit ${Version}", "dnsjit"],
    }
    for runner in peers.installed():
        command = asked.pop(runner.program, None)
        if command:
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            lines = (said.stdout + said.stderr).splitlines()
            told = [line for line in lines if not _is_greeting(line) and not said.returncode]
            yield (told or [runner.program])[0].rstrip(".")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="once, a tenth of the packets")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", nargs="*", metavar="RUNNER", help="only these, and replay")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    given = parser.parse_args()
    runners = [
        each
        for each in peers.installed()
        if given.only is None or each.name in {*given.only, peers.REPLAY}
    ]
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])  # and so for every runner
    rounds, less = (1, QUICK) if given.quick else (given.rounds, 1)
    print("\n".join(machine()))
    if absent := peers.missing():
        print(f"\nNot installed: apt-get install {' '.join(absent)}")
    for kind in given.kinds:
        all_measured = compare(kind, runners, rounds, less)
        by_name = {each.runner.name: each for each in all_measured}
        title = {"dns": "DNS only", "mixed": "Mixed"}[kind]
        lines = [
            *("", f"## {title}", "", f"Medians of {rounds}.", ""),
            *table(all_measured),
            "",
            *disturbance(all_measured),
            *survivors(by_name),
            "",
            *bars(kind, by_name),
        ]
        print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
