"""How the command starts: what it imports, and where it keeps compiled code.

Folders that cannot be written are such for root too: a file stands where one of them would be.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.replays import ROOT, write

COMPILING: Final = "dns-sensor: compiling the sieve, once for this version\n"
EVERY_TIME: Final = (
    "dns-sensor: compiling the sieve, as at every start:"
    " set NUMBA_CACHE_DIR to a folder that can be written\n"
)

# Replays what it is told to, and prints the modules that it took.
MODULES: Final = """
import sys
from sensor.cli import main
code = main(["replay", *sys.argv[1:]])
sys.stderr.write("\\n".join(sys.modules))
sys.exit(code)
"""


def imported(*arguments: str | Path) -> set[str]:
    """Replay in a process of its own, and give the packages that it imported."""
    done = subprocess.run(
        [sys.executable, "-c", MODULES, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split(".")[0] for line in done.stderr.splitlines()}


def test_replay_imports_no_scapy(tmp_path: Path) -> None:
    """
    With the sieve, events and alerts, replay takes numba but neither scapy, which needs longer
    than all the rest, nor rich, which only a terminal needs.
    """
    capture, events = write(tmp_path)

    packages = imported("--events", events, capture)

    assert {"numba", "dpkt", "msgspec"} <= packages
    assert set() == packages & {"scapy", "rich", "hypothesis"}


def test_without_a_sieve_numba_is_not_imported(tmp_path: Path) -> None:
    """
    Where nothing is sifted its third of a second is saved.
    """
    capture, events = write(tmp_path)

    packages = (
        imported("--no-sieve", capture)
        | imported("--emit", "messages", capture)
        | imported("--events", events)
    )

    assert {"dpkt", "msgspec"} <= packages
    assert set() == packages & {"numba", "llvmlite", "scapy"}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A copy of the package beside which no compiled code can be kept, and a capture."""
    package = tmp_path / "copy" / "sensor"
    shutil.copytree(ROOT / "sensor", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "config", tmp_path / "copy" / "config")
    (package / "sieve" / "__pycache__").touch()
    write(tmp_path)
    return tmp_path


def program(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy; it has no home but what is told."""
    homeless = {"HOME": str(folder / "case.pcap"), "NUMBA_CACHE_DIR": "", "PYTHONPATH": ""}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder / "copy",
        env={**os.environ, **homeless, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def replayed(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    capture = str(folder / "case.pcap")
    return program(folder, "-m", "sensor", "replay", *options, capture, **environment)


def test_compiled_code_is_kept_where_told(sealed: Path) -> None:
    """
    As under systemd's DynamicUser: what is compiled goes to NUMBA_CACHE_DIR, and the next start
    compiles nothing.
    """
    told = {"NUMBA_CACHE_DIR": str(sealed / "kept" / "here")}

    first = replayed(sealed, **told)
    kept = {path: path.stat().st_mtime_ns for path in (sealed / "kept").rglob("*.nb?")}
    second = replayed(sealed, **told)

    assert (0, COMPILING) == (first.returncode, first.stderr)
    assert kept
    assert (0, first.stdout, "") == (second.returncode, second.stdout, second.stderr)
    assert kept == {path: path.stat().st_mtime_ns for path in (sealed / "kept").rglob("*.nb?")}


# Prints where compiled code would be kept, and compiles nothing.
FOLDER: Final = "from sensor.sieve.compiled import FOLDER; print(FOLDER and FOLDER.parent)"


@pytest.mark.parametrize(
    ("told", "home", "expected"),
    [
        ("kept", "", "kept"),
        ("case.pcap/inside", "", ".cache/dns-sensor"),
        ("", "", ".cache/dns-sensor"),
        ("", "case.pcap", None),
        ("case.pcap", "case.pcap", None),
    ],
)
def test_the_first_place_that_can_be_written_is_taken(
    sealed: Path, told: str, home: str, expected: str | None
) -> None:
    """
    The folder that is told, else that beside the package, else the home's cache, else none.
    """
    environment = {
        "NUMBA_CACHE_DIR": str(sealed / told) if told else "",
        "HOME": str(sealed / home),
    }

    done = program(sealed, "-c", FOLDER, **environment)

    assert f"{sealed / expected if expected else None}\n" == done.stdout


def test_with_no_place_at_all_it_runs_and_says_so(sealed: Path) -> None:
    """
    Where nothing can be written it is compiled in memory, at every start, and the remedy is told.
    """
    nowhere = str(sealed / "case.pcap" / "inside")
    whole = replayed(sealed, "--no-sieve")

    done = replayed(sealed, NUMBA_CACHE_DIR=nowhere)

    assert whole.stdout
    assert (0, whole.stdout, EVERY_TIME) == (done.returncode, done.stdout, done.stderr)
