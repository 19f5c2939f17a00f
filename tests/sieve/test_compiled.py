"""The kernels as they are compiled: once, without reference counts, and the same without numba."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sensor.sieve.compiled import FOLDER, is_warm, jit
from sensor.sieve.frame import judge
from tests.sieve.law import CASES, World

ROOT = CASES.parent
DISPATCHER: Any = judge  # as numba makes it

# Judges all frames of the cases, and prints a digest of the reasons. Its own canary: a kernel that
# reads past its array raises where bounds are checked.
JUDGE_ALL = """
import hashlib, sys
from tests.sieve.law import CASES, World, frames
from tests.sieve.stacks import PLAIN, WRAPS, framed, packet4, udp
from tests.dns.messages import question, wire_name
world = World()
paths = sorted(path for path in CASES.rglob("*.pcap") if path.stat().st_size < 20_000)
reasons = bytes(
    world.judged(frame.data, frame.link, *around)
    for path in paths
    for frame in frames(path)
    for around in ((), (b"\\xc0\\x0c", b"\\x03api\\xc0\\x0c"))
)
asked = bytes.fromhex("000701000001000000000000") + question(wire_name(b"api", b"telegram", b"org"))
packet = packet4(17, udp(40000, 53, asked))
for outer in WRAPS.values():
    for inner in WRAPS.values():
        octets = framed(outer(inner(packet, PLAIN), PLAIN))
        reasons += bytes(world.judged(octets[:size], 1) for size in range(14, len(octets) + 1, 7))
print(len(reasons), hashlib.sha256(reasons).hexdigest())
"""

CANARY = """
import numpy as np
from sensor.sieve.compiled import kernel

@kernel
def beyond(octets, at):
    return octets[at]

try:
    beyond(np.frombuffer(b"abc", dtype=np.uint8), 3)
except IndexError:
    print("raised")
"""


def told(code: str, folder: Path, **switches: str) -> str:
    script = folder / "run.py"  # numba caches what is in a file only
    script.write_text(code)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    environment.update(switches)
    return subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_reasons_are_the_same_under_every_switch(tmp_path: Path) -> None:
    """
    With bounds checked nothing is read out of bounds, and plain Python says what the kernels say.
    """
    runs = {
        told(JUDGE_ALL, tmp_path),
        told(JUDGE_ALL, tmp_path, NUMBA_BOUNDSCHECK="1"),
        told(JUDGE_ALL, tmp_path, NUMBA_DISABLE_JIT="1"),
    }

    assert 1 == len(runs)
    assert int(runs.pop().split()[0]) > 1000


@pytest.mark.parametrize("switch", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_a_read_beyond_the_end_raises_where_bounds_are_checked(switch: str, tmp_path: Path) -> None:
    """
    The canary: were the switch ignored, by the cache or otherwise, the test above would be blind.
    """
    assert "raised\n" == told(CANARY, tmp_path, **{switch: "1"})


# The tests of the kernels; plain Python is too slow for those left out, which say nothing of bounds
# that the others do not.
SUITE = ("test_frame", "test_walk", "test_tables", "test_siphash")
TOO_SLOW = "real_captures or types_of_the_watch or hundred_thousand"


@pytest.mark.parametrize(
    ("switch", "left_out"),
    [("NUMBA_BOUNDSCHECK", "nothing"), ("NUMBA_DISABLE_JIT", TOO_SLOW)],
)
def test_kernels_pass_their_tests_under_every_switch(switch: str, left_out: str) -> None:
    """
    With bounds checked, and without the compiler; compiled code has a folder for each.
    """
    files = [f"tests/sieve/{name}.py" for name in SUITE]
    options = ["-q", "-p", "no:cacheprovider", "-k", f"not ({left_out})"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        env={**os.environ, switch: "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-2000:]


def test_one_signature() -> None:
    """
    All callers give the same types, or numba compiles again, which takes seconds.
    """
    world = World()
    world.judged(b"", 1)
    world.judged(b"\0" * 60, 101, b"\0", b"\0")

    assert 1 == len(DISPATCHER.signatures)


def test_machine_code_counts_no_references() -> None:
    """
    With the counting that numba does by default, kernels are a third as fast.
    """
    World().judged(b"", 1)
    fresh = jit(nogil=True, _nrt=False)(DISPATCHER.py_func)  # what is cached has no text
    fresh.compile(DISPATCHER.signatures[0])
    assembly = "".join(fresh.inspect_asm().values())

    assert "judge" in assembly
    assert "NRT_incref" not in assembly
    assert "NRT_decref" not in assembly


def test_compiled_code_is_kept_for_this_version() -> None:
    """
    Once judged, the code is on disk, in a folder that bears the version.
    """
    World().judged(b"", 1)

    assert is_warm()
    assert FOLDER is not None
    assert FOLDER.name.startswith("sieve-")
