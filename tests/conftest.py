"""What holds for all tests: with DNS_SENSOR_REQUIRE_TOOLS=1 a skip is a failure; tallies show.

A skip hides what was not tested. The one left standing is that of the real captures and logs,
where they are not beside the checkout. What a test writes to its `tally` stands at the end of
the run's output, whether it passed or failed.
"""

import os
from collections.abc import Callable, Generator
from typing import Final

import pytest

from tests.realdata import REALDATA
from tests.replays import ROOT, run

STRICT: Final = os.environ.get("DNS_SENSOR_REQUIRE_TOOLS") == "1"
# The folder that the real data lies in: where it is, the data has to be.
SHARED: Final = REALDATA.parent


def _forbid(reason: object) -> bool:
    return STRICT and (SHARED.is_dir() or "real captures and logs" not in str(reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _forbid(report.longrepr):
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and _forbid(report.longrepr):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """Compile the sieve before any test looks at what a command says: it announces that."""
    for case in ("lookups/again/case.pcap", "capture/two-interfaces/case.pcapng"):
        run("replay", ROOT / "pcaps" / case)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Write a line that the end of the run shows; it comes along from pytest-xdist's workers."""
    return lambda line: record_property("tally", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = [
        (report.nodeid, value)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
        for name, value in report.user_properties
        if name == "tally"
    ]
    if told:
        terminalreporter.section("tallies")
    for place, (test, line) in enumerate(told):
        if place == 0 or told[place - 1][0] != test:
            terminalreporter.write_line(test)
        terminalreporter.write_line(f"  {line}")
