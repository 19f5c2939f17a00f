"""What a pcap case is: its expect.yaml, its run, and whether a line matches.

`expect.yaml` holds one run, or several under `runs`. Of a run:

    about: what this run shows                   (a line for whoever reads the failure)
    arguments: [--emit, lookups, -c, sensor.yaml]     extra arguments; paths are the case's own
    captures: [case.pcap]      default case.pcap or case.pcapng, whichever is there
    events: [events.jsonl]     default events.jsonl if it is there
    exit: 0
    stderr: [a part of it, another]
    stats: {events.duplicate: 2}
    expect:
      - {count: 1, match: {dotted.path: value, list.0.path: {at_least: 3}}}
      - {count: 2, match: {}}                    an empty match counts every line

and beside `runs`, `identical: true` says that all of them print the same octets.

A value is a literal, a list, null for what must be absent, or one operator: `contains` (a part of
a text, an item of a list), `at_least`, `at_most`, `matches` (a regular expression, anywhere),
`length`, `any` (an item of the list matches all of a match), `not`.

Whatever could let a case pass for the wrong reason is an error: an unknown key or operator, a path
that the schema of the lines does not have, and a count of 0 with a match, which a misspelt value
would meet too: count the lines that are there instead.
"""

import contextlib
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from sensor.cli import main
from sensor.encoders.lines import AnomalyLine, TransactionLine
from sensor.encoders.schema import DIALECT

ROOT: Final = Path(__file__).resolve().parent.parent
PCAPS: Final = ROOT / "pcaps"

# The committed schema of each kind of line; the others have none, so theirs is made here.
_COMMITTED: Final = {"alerts": "alert", "lookups": "lookup", "messages": "message"}
_GENERATED: Final = {"transactions": TransactionLine, "anomalies": AnomalyLine}


class CaseError(AssertionError):
    """A case that says something it cannot mean."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of the printed lines match."""

    count: int
    match: dict[str, Any]


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `replay`, and what it must print."""

    expect: tuple[Expectation, ...]
    about: str = ""
    arguments: tuple[str, ...] = ()
    captures: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None
    exit: int = 0
    stderr: tuple[str, ...] = ()
    stats: dict[str, Any] = {}

    @property
    def emits(self) -> str:
        """The kind of line."""
        given = self.arguments
        return given[given.index("--emit") + 1] if "--emit" in given else "alerts"


class Runs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several runs."""

    runs: tuple[Run, ...]
    identical: bool = False


class Printed(msgspec.Struct, frozen=True):
    """What a run gave."""

    exit: int
    out: bytes
    err: str
    stats: dict[str, Any]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def cases() -> list[str]:
    """Every case's folder, as `area/case`."""
    return sorted(
        f"{path.parent.parent.name}/{path.parent.name}" for path in PCAPS.glob("*/*/*.py")
    )


def expected(folder: Path) -> Runs:
    """Read a case's expect.yaml."""
    document = yaml.safe_load((folder / "expect.yaml").read_text(encoding="utf-8"))
    if "runs" in document:
        return msgspec.convert(document, Runs)
    return Runs(runs=(msgspec.convert(document, Run),))


def replayed(folder: Path, run: Run, stats: Path, *extra: str) -> Printed:
    """Run the command as a user would, in the case's folder."""
    captures = run.captures
    if captures is None:
        found = [name for name in ("case.pcap", "case.pcapng") if (folder / name).exists()]
        captures = tuple(found)
    events = run.events
    if events is None:
        events = ("events.jsonl",) if (folder / "events.jsonl").exists() else ()
    given = [argument for name in events for argument in ("--events", name)]
    arguments = ["replay", *run.arguments, *extra, "--stats", str(stats), *given, *captures]
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    err = io.StringIO()
    code: int | str | None
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = exit_.code
    out.flush()
    written = json.loads(stats.read_bytes()) if stats.exists() else {}
    octets = out.buffer
    assert isinstance(octets, io.BytesIO)
    return Printed(int(code or 0), octets.getvalue(), err.getvalue(), written)


def problems(run: Run, printed: Printed) -> list[str]:
    """Say all that is not as expected."""
    found = []
    if printed.exit != run.exit:
        found.append(f"exit {printed.exit}, expected {run.exit}; it said: {printed.err}")
    if "Traceback" in printed.err:
        found.append(printed.err)
    found += [
        f"stderr lacks {part!r}: {printed.err}" for part in run.stderr if part not in printed.err
    ]
    for path, wanted in run.stats.items():
        value = at_path(printed.stats, path)
        if not holds(wanted, value):
            found.append(f"stats {path} is {value!r}, expected {wanted!r}")
    lines = printed.lines
    for each in run.expect:
        count = sum(matches(each.match, line) for line in lines)
        if count != each.count:
            found.append(f"{count} lines, expected {each.count}, match {each.match}")
            found += [f"  {_shown(line, each.match)}" for line in lines[:5]]
    return found


def check(run: Run) -> None:
    """Refuse a run that could pass for the wrong reason.

    Raises:
        CaseError: It says what.
    """
    if not run.expect and not run.exit:
        raise CaseError("expect: nothing is expected")
    schema = schema_of(run.emits)
    for each in run.expect:
        if each.count == 0 and each.match:
            raise CaseError(f"count: 0 with a match {each.match}: count the lines that are there")
        for path, wanted in each.match.items():
            _check_path(schema, path)
            _check_value(schema, path, wanted)


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of line."""
    if kind in _COMMITTED:
        path = ROOT / "config" / "schema" / f"{_COMMITTED[kind]}.json"
        committed: dict[str, Any] = json.loads(path.read_bytes())
        return committed
    return {"$schema": DIALECT, **msgspec.json.schema(_GENERATED[kind])}


# Matching.


def matches(match: Mapping[str, Any], line: object) -> bool:
    return all(holds(wanted, at_path(line, path)) for path, wanted in match.items())


def at_path(value: object, path: str) -> object:
    """Follow a dotted path; None where it ends early."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def holds(wanted: object, value: object) -> bool:
    if isinstance(wanted, dict):
        ((operator, operand),) = wanted.items()
        return _OPERATORS[operator](operand, value)
    return isinstance(wanted, bool) is isinstance(value, bool) and wanted == value


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "contains": lambda part, value: isinstance(value, str | list) and part in value,
    "at_least": lambda least, value: isinstance(value, int | float) and value >= least,
    "at_most": lambda most, value: isinstance(value, int | float) and value <= most,
    "matches": lambda pattern, value: isinstance(value, str) and bool(re.search(pattern, value)),
    "length": lambda length, value: isinstance(value, str | list) and len(value) == length,
    "any": lambda match, value: isinstance(value, list) and any(matches(match, i) for i in value),
    "not": lambda wanted, value: not holds(wanted, value),
}


def _shown(line: Mapping[str, Any], match: Mapping[str, Any]) -> str:
    """Show of a line what the match asks for, or how it reads."""
    shown = {path: at_path(line, path) for path in match} or line.get("message", line)
    return json.dumps(shown)


# Refusing what cannot fail.


def _check_value(schema: dict[str, Any], path: str, wanted: object) -> None:
    if not isinstance(wanted, dict):
        return
    unknown = set(wanted) - set(_OPERATORS)
    if unknown or len(wanted) != 1:
        raise CaseError(f"{path}: one operator of {', '.join(_OPERATORS)} expected, got {wanted}")
    ((operator, operand),) = wanted.items()
    if operator == "any":
        for inner, value in operand.items():
            _check_path(schema, f"{path}.0.{inner}")
            _check_value(schema, f"{path}.0.{inner}", value)
    elif operator == "not":
        _check_value(schema, path, operand)


def _check_path(schema: dict[str, Any], path: str) -> None:
    nodes = _resolved(schema, schema)
    for step in path.split("."):
        nodes = [inner for node in nodes for inner in _step(schema, node, step)]
        if not nodes:
            raise CaseError(f"{path}: the schema of these lines has no {step!r} there")


def _step(schema: dict[str, Any], node: Mapping[str, Any], step: str) -> list[dict[str, Any]]:
    if step in node.get("properties", {}):
        return _resolved(schema, node["properties"][step])
    if step.isdigit():
        fixed = node.get("prefixItems", [])
        if int(step) < len(fixed):
            return _resolved(schema, fixed[int(step)])
        if isinstance(node.get("items"), dict):
            return _resolved(schema, node["items"])
    return []


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Follow references and alternatives."""
    if "$ref" in node:
        return _resolved(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [inner for each in node["anyOf"] for inner in _resolved(schema, each)]
    return [node]
