"""Every case of pcaps/: its files, what it prints, and that make.py writes it octet for octet."""

import filecmp
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from tests import pcap_case
from tests.pcap_case import PCAPS, CaseError, Expectation, Run

CASES = pcap_case.cases()


def test_cases_are_found() -> None:
    """
    There are cases, and every folder of every area is one.
    """
    folders = {f"{path.parent.name}/{path.name}" for path in PCAPS.glob("*/*/") if path.is_dir()}

    assert sorted(name for name in folders if "__pycache__" not in name) == CASES
    assert "attribution/plain-bot" in CASES


@pytest.mark.parametrize("name", CASES)
def test_case_prints_what_it_expects(name: str, tmp_path: Path) -> None:
    """
    Exit code, lines, statistics and standard error are as expect.yaml has them; every line is
    valid by its schema; and the sieve changes nothing.
    """
    folder = PCAPS / name
    expected = pcap_case.expected(folder)
    printed = []
    found: list[str] = []

    for number, run in enumerate(expected.runs):
        pcap_case.check(run)
        given = pcap_case.replayed(folder, run, tmp_path / f"{number}.json")
        whole = pcap_case.replayed(folder, run, tmp_path / f"{number}-whole.json", "--no-sieve")
        found += [f"{run.about}: {each}" for each in pcap_case.problems(run, given)]
        if given.out != whole.out:
            found.append(f"{run.about}: --no-sieve prints something else")
        if _comparable(given.stats) != _comparable(whole.stats):
            found.append(f"{run.about}: --no-sieve counts something else: {whole.stats}")
        schema = pcap_case.schema_of(run.emits)
        validator = jsonschema.Draft202012Validator(schema)
        found += [error.message for line in given.lines for error in validator.iter_errors(line)]
        printed.append(given.out)
    if expected.identical and len(set(printed)) > 1:
        found.append("the runs print different octets")

    assert [] == found


@pytest.mark.parametrize("name", CASES)
def test_case_is_complete_and_reproducible(name: str, tmp_path: Path) -> None:
    """
    A case has a README.md, an expect.yaml and a line in the index, and make.py writes every other
    file again as it is.
    """
    folder = PCAPS / name
    written = {"README.md", "expect.yaml", "make.py"}
    there = {path.name for path in folder.iterdir() if path.name != "__pycache__"}

    _load(folder / "make.py").make(tmp_path)

    made = {path.name for path in tmp_path.iterdir()}
    configured = {name for name in there if name.endswith(".yaml") or name == "rules"}
    assert written <= there
    assert there - written - configured == made - configured
    assert [] == [
        file for file in sorted(made) if not filecmp.cmp(folder / file, tmp_path / file, False)
    ]
    assert f"({name}/)" in (PCAPS / "README.md").read_text(encoding="utf-8")
    assert "Origin: crafted" in (folder / "README.md").read_text(encoding="utf-8")


def test_make_runs_as_a_script(tmp_path: Path) -> None:
    """
    `python pcaps/<area>/<case>/make.py` writes the case beside itself.
    """
    area = tmp_path / "pcaps" / "attribution" / "plain-bot"
    area.mkdir(parents=True)
    original = PCAPS / "attribution" / "plain-bot"
    for module in PCAPS.glob("*.py"):
        (tmp_path / "pcaps" / module.name).write_bytes(module.read_bytes())
    (area / "make.py").write_bytes((original / "make.py").read_bytes())

    subprocess.run([sys.executable, str(area / "make.py")], check=True, cwd=tmp_path)

    assert (original / "case.pcap").read_bytes() == (area / "case.pcap").read_bytes()


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (Run(expect=()), "nothing is expected"),
        (Run(expect=(Expectation(1, {"dnssensor.alert.stat": "x"}),)), "no 'stat'"),
        (Run(expect=(Expectation(0, {"event.id": "x"}),)), "count: 0"),
        (Run(expect=(Expectation(1, {"event.id": {"like": "x"}}),)), "one operator"),
        (Run(expect=(Expectation(1, {"dnssensor.reasons": {"any": {"cod": 1}}}),)), "no 'cod'"),
        (Run(expect=(Expectation(1, {"qname": "x"}),)), "no 'qname'"),
        (
            Run(expect=(Expectation(1, {"event.id": "x"}),), arguments=("--emit", "lookups")),
            "no 'event'",
        ),
    ],
)
def test_case_that_cannot_fail_is_refused(run: Run, said: str) -> None:
    """
    A misspelt path, an operator that is none and a count of nothing are errors of the case.
    """
    with pytest.raises(CaseError, match=said):
        pcap_case.check(run)


@pytest.mark.parametrize(
    ("wanted", "value", "holds"),
    [
        (1, 1, True),
        (1, 2, False),
        (1, True, False),
        (None, None, True),
        (None, "", False),
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        ({"contains": "b"}, ["a", "b"], True),
        ({"contains": "b"}, None, False),
        ({"at_least": 3}, 3, True),
        ({"at_least": 3}, 2.5, False),
        ({"at_most": 3}, 3.5, False),
        ({"matches": "^a.c$"}, "abc", True),
        ({"matches": "^a.c$"}, "abcd", False),
        ({"length": 2}, [1, 2], True),
        ({"length": 2}, [1], False),
        ({"any": {"code": "x"}}, [{"code": "y"}, {"code": "x"}], True),
        ({"any": {"code": "x"}}, [{"code": "y"}], False),
        ({"not": {"contains": "x"}}, "abc", True),
        ({"not": None}, None, False),
    ],
)
def test_values_match(wanted: object, value: object, holds: bool) -> None:
    """
    A literal is the value itself, null what is absent, an operator what it says.
    """
    assert holds == pcap_case.holds(wanted, value)


def test_unexpected_count_is_told() -> None:
    """
    What a case expects and does not get is a problem, exit code and standard error too.
    """
    run = Run(
        expect=(Expectation(2, {}), Expectation(1, {"rule.id": "b"})),
        stderr=("warning",),
        stats={"frames": 2},
    )
    printed = pcap_case.Printed(1, b'{"rule": {"id": "a"}}\n', "", {"frames": 3})

    assert 7 == len(pcap_case.problems(run, printed))


def _comparable(stats: dict[str, Any]) -> dict[str, Any]:
    """Take from the statistics what the sieve may not change (and time does not)."""
    told = ("frames", "bytes", "dns_messages", "alerts", "events")
    return {name: stats.get(name) for name in told}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"make_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
