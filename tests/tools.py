"""Tools that tests need and Python's packages do not bring."""

import shutil

import pytest


def require_tool(name: str) -> str:
    """Find a program, or skip the test that needs it.

    With DNS_SENSOR_REQUIRE_TOOLS=1 (`.ci/run` sets it) tests/conftest.py makes the skip a failure.
    """
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (make tools)")
    return path
