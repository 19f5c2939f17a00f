"""Who runs: we in our forms, and every peer that is installed, each asked for the same name.

Each is given what makes it quick for this question, and its output goes to a file. What a peer
says of the name is counted, so that it is seen to have done the work; some look at less
than others, as `reads` tells.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

ROOT: Final = Path(__file__).resolve().parents[1]
BENCH: Final = ROOT / "bench"
WATCHED: Final = "api.telegram.org"

# How large the captures are that a runner is given, the smaller and the larger.
Sizes: TypeAlias = tuple[int, int]
FAST: Final = (1_000_000, 5_000_000)
SLOW: Final = (100_000, 500_000)
SLOWEST: Final = (4_000, 20_000)


class Runner(NamedTuple):
    """A program to measure.

    Attributes:
        name: What the table calls it.
        command: Makes the command line for a capture, and a file for statistics.
        reads: What it looks at.
        found: Reads from its output how often it saw the name, its own unit.
        sizes: The captures it is given; a slow one gets smaller ones.
        program: What has to be on the path.
        package: Debian's package of it.
    """

    name: str
    command: Callable[[str, str], Sequence[str]]
    reads: str
    found: Callable[[str], int]
    sizes: Sizes = FAST
    program: str = sys.executable
    package: str = ""


def _python(*words: str) -> list[str]:
    return [sys.executable, *words]


def _replay(*options: str) -> Callable[[str, str], list[str]]:
    return lambda file, stats: _python("-m", "sensor", "replay", *options, "--stats", stats, file)


def _lookups(output: str) -> int:
    """Add up the alerts' lookups; the log's lines stand between them."""
    told = [json.loads(line) for line in output.splitlines()]
    return sum(each["dnssensor"]["alert"]["count"] for each in told if "dnssensor" in each)


def _watched(output: str) -> int:
    return int(json.loads(output)["sieve"].get("watched", 0))


def _second(output: str) -> int:
    return int(output.split()[1])


def _asked(output: str) -> int:
    return output.lower().count(f" {WATCHED}. (")


def _questions(output: str) -> int:
    """Count dnscap's questions; a record shows its TTL behind the type."""
    return len(re.findall(rf"\t1 {re.escape(WATCHED)}\.,IN,\w+ ", output))


def _lines(output: str) -> int:
    return output.count("\n")


KERNEL: Final = "kernel"
REPLAY: Final = "replay"
DPKT: Final = "dpkt loop"
FLOOR: Final = "tcpdump, reading only"

OURS: Final = (
    Runner(
        KERNEL,
        lambda file, _: _python(str(BENCH / "kernel.py"), file),
        "every name; rows out",
        _watched,
    ),
    Runner(
        "kernel, 100,000 names",
        lambda file, _: _python(str(BENCH / "kernel.py"), "--names", "100000", file),
        "every name; rows out",
        _watched,
    ),
    Runner(REPLAY, _replay(), "all; alerts out (lookups)", _lookups),
    Runner(
        "replay --no-sieve",
        _replay("--no-sieve"),
        "all; alerts out (lookups)",
        _lookups,
        sizes=SLOW,
    ),
)

PEERS: Final = (
    Runner(
        "dnsjit, octets compared",
        lambda file, _: ["dnsjit", str(BENCH / "question.lua"), file, "octets"],
        "the question of UDP port 53",
        _second,
        program="dnsjit",
        package="dnsjit",
    ),
    Runner(
        "dnsjit, question parsed",
        lambda file, _: ["dnsjit", str(BENCH / "question.lua"), file, "parsed"],
        "the question of UDP port 53",
        _second,
        program="dnsjit",
        package="dnsjit",
    ),
    Runner(
        "tcpdump",
        lambda file, _: ["tcpdump", "-n", "-r", file, "udp port 53"],
        "the message of UDP port 53; text of all out (queries)",
        _asked,
        program="tcpdump",
        package="tcpdump",
        sizes=SLOW,
    ),
    Runner(
        FLOOR,
        lambda file, _: ["tcpdump", "-n", "-r", file, "less 1"],
        "nothing: libpcap's bare read, the floor",
        _lines,
        program="tcpdump",
        package="tcpdump",
    ),
    Runner(
        "dnscap",
        lambda file, _: ["dnscap", "-N", "-g", "-x", r"^api\.telegram\.org", "-r", file],
        "the message of UDP port 53; text of the name's out",
        _questions,
        program="dnscap",
        package="dnscap",
        sizes=SLOW,
    ),
    Runner(
        "tshark",
        lambda file, _: [
            *("tshark", "-n", "-r", file, "-Y", f'dns.qry.name == "{WATCHED}"'),
            *("-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "dns.qry.name"),
        ],
        "everything; the question's lines out",
        _lines,
        program="tshark",
        package="tshark",
        sizes=SLOW,
    ),
    Runner(
        DPKT,
        lambda file, _: _python(str(BENCH / "loops.py"), "dpkt", file),
        "the message of UDP port 53",
        _second,
        sizes=SLOW,
    ),
    Runner(
        "scapy loop",
        lambda file, _: _python(str(BENCH / "loops.py"), "scapy", file),
        "the message of port 53",
        _second,
        sizes=SLOWEST,
    ),
)


def installed() -> list[Runner]:
    """Ours, and the peers that are there."""
    has_kernels = (ROOT / "sensor" / "sieve" / "walk.py").exists()
    ours = [each for each in OURS if has_kernels or not each.name.startswith(KERNEL)]
    return ours + [each for each in PEERS if shutil.which(each.program)]


def missing() -> list[str]:
    """Packages of the peers that are not there."""
    return sorted({each.package for each in PEERS if not shutil.which(each.program)})
