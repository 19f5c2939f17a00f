"""Skips, under DNS_SENSOR_REQUIRE_TOOLS."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SKIPPING = """
import pytest
from tests.realdata import needs_realdata
from tests.tools import require_tool

def test_tool() -> None:
    require_tool("no-such-tool")

@needs_realdata
def test_real_data() -> None:
    pass

@pytest.mark.xfail(raises=ZeroDivisionError)
def test_known_to_fail() -> None:
    1 / 0
"""


def outcome(tmp_path: Path, *, strict: bool, realdata: Path) -> str:
    """Run the tests above in the project's own set-up and return pytest's last line."""
    test = tmp_path / "test_skipping.py"
    test.write_text(SKIPPING)
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    environment["DNS_SENSOR_REQUIRE_TOOLS"] = "1" if strict else "0"
    environment["DNS_SENSOR_REALDATA"] = str(realdata)
    options = ["-p", "no:cacheprovider", "-p", "tests.conftest", "--rootdir", str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, "-c", ROOT / "pyproject.toml", test],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().splitlines()[-1].partition(" in ")[0]


@pytest.mark.parametrize(
    ("strict", "shared", "expected"),
    [
        (False, False, "2 skipped, 1 xfailed"),
        (True, False, "1 failed, 1 skipped, 1 xfailed"),
        (True, True, "1 failed, 1 xfailed, 1 error"),
    ],
)
def test_a_skip_for_a_missing_tool_fails_where_tools_are_required(
    tmp_path: Path, strict: bool, shared: bool, expected: str
) -> None:
    """
    A missing tool fails the run, real data only where the folder for it is there.
    """
    folder = tmp_path / "shared"
    if shared:
        folder.mkdir()

    seen = outcome(tmp_path, strict=strict, realdata=folder / "realdata")

    assert expected == seen
