"""Configuration: the shipped file, the defaults, and what a user is told of mistakes."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.config import load, shipped
from sensor.document import Document
from sensor.errors import ConfigError
from sensor.forms import duration, schema
from sensor.rules.rule import Rule
from sensor.settings import Config, FileFeed, FileSink, Host, Interface, Operations, StdoutSink
from sensor.stage import SECOND

RULE = "id: {id}\nnames: [x.example]\n"


def write(folder: Path, config: str, **rules: str) -> str:
    """Write a configuration and its rules; without any, one that is right."""
    (folder / "rules").mkdir(exist_ok=True)
    for name, text in (rules or {"a": RULE.format(id="a")}).items():
        (folder / "rules" / f"{name}.yaml").write_text(text)
    path = folder / "sensor.yaml"
    path.write_text(config)
    return str(path)


def problems(path: str) -> list[str]:
    """Load what must not load, and return its problems with the folder left out."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    folder = str(Path(path).parent)
    return [problem.replace(folder + "/", "") for problem in caught.value.problems]


def keys(of: type[msgspec.Struct]) -> dict[str, Any]:
    """List a section's keys and those of the sections in it that are always there."""
    found: dict[str, Any] = {}
    for item in msgspec.structs.fields(of):
        section = isinstance(item.type, type) and issubclass(item.type, msgspec.Struct)
        found[item.encode_name] = keys(item.type) if section else None
    return found


def shape(value: object) -> Any:
    """Reduce what a YAML file says to its keys."""
    return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else None


def test_the_shipped_file_names_every_key() -> None:
    """
    Every key of every section stands in sensor.yaml, and no other.
    """
    written = yaml.safe_load((shipped() / "sensor.yaml").read_text())

    assert keys(Config) == shape(written)


def test_the_shipped_file_says_the_defaults() -> None:
    """
    Reading sensor.yaml gives what no file at all would give.
    """
    document = Document("sensor.yaml")

    config = document.read((shipped() / "sensor.yaml").read_bytes(), Config)

    assert () == document.problems
    assert Config() == config


def test_every_key_is_explained() -> None:
    """
    A comment stands above each key of sensor.yaml that is no section.
    """
    lines = (shipped() / "sensor.yaml").read_text().splitlines()
    bare = [
        line
        for before, line in pairwise(lines)
        if ":" in line
        and not line.lstrip().startswith(("#", "-"))
        and not line.endswith(":")
        and not before.lstrip().startswith("#")
    ]

    assert [] == bare


def test_without_a_path_the_shipped_files_are_read() -> None:
    """
    `load()` is the shipped configuration with the shipped rules.
    """
    loaded = load()

    assert str(shipped() / "rules") == loaded.config.rules.directory
    assert ["telegram-bot-api"] == [rule.id for rule in loaded.rules]


@pytest.mark.parametrize(
    ("of", "files"),
    [(Config, ["sensor.yaml"]), (Rule, [])],
)
def test_the_shipped_files_keep_their_json_schema(
    of: type[msgspec.Struct], files: list[str]
) -> None:
    """
    What an editor is told of the files agrees with what the sensor reads.
    """
    paths = [shipped() / name for name in files] or sorted((shipped() / "rules").glob("*.yaml"))
    validator = jsonschema.Draft202012Validator(schema(of))

    found = [e.message for p in paths for e in validator.iter_errors(yaml.safe_load(p.read_text()))]

    assert [] == found


def test_durations_are_text_in_the_json_schema() -> None:
    """
    A schema shows durations, and their defaults, as a person writes them.
    """
    hold = schema(Config)["$defs"]["Attribution"]["properties"]["hold"]

    assert ("string", "15s") == (hold["type"], hold["default"])


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    """
    Nothing, comments only, or sections with nothing in them: all defaults.
    """
    texts = ["", "# nothing\n", "hosts:\nattribution:\n  # hold: 1s\nsinks:\n", "{}"]

    configs = [load(write(tmp_path, text)).config for text in texts]

    rules = msgspec.structs.replace(Config().rules, directory=str(tmp_path / "rules"))
    assert [msgspec.structs.replace(Config(), rules=rules)] * 4 == configs


def test_everything_can_be_set(tmp_path: Path) -> None:
    """
    The example of each key is read as it says.
    """
    text = """
        sensor:      {name: span-fra-01, user: nobody}
        capture:     {interfaces: [ens5f1, {name: ens5f2, bpf: port 53}], engine: portable}
        dns:         {ports: [53, 5353], any_port: false, resolvers: [10.20.0.10, 10.21.0.0/24]}
        rules:       {directory: ../elsewhere}
        hosts:       [{computer: FIN-WS-0231, addresses: [10.20.30.41, "10.20.31.0/28"]}]
        feeds:       [{type: file, path: "/var/log/sysmon/*.json"}, {type: file, path: "b*/x"}]
        attribution: {hold: 500ms, stale: 2d}
        alerts:      {quiet_for: 2h, update_every: 0s, unattributed: log}
        sinks:       [{type: file, path: alerts.jsonl, encoder: ecs}, {type: stdout}]
        state:       {directory: state}
        operations:  {listen: "127.0.0.1:9477"}
        log:         {level: debug}
    """
    folder = tmp_path / "etc"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.yml").write_text(RULE.format(id="a"))

    config = load(write(folder, text)).config

    assert ("span-fra-01", "nobody") == (config.sensor.name, config.sensor.user)
    assert ("ens5f1", Interface(name="ens5f2", bpf="port 53")) == config.capture.interfaces
    assert config.capture.engine == "portable"
    assert ((53, 5353), False) == (config.dns.ports, config.dns.any_port)
    assert ("10.20.0.10", "10.21.0.0/24") == config.dns.resolvers
    assert str(tmp_path / "elsewhere") == config.rules.directory
    assert (
        Host(computer="fin-ws-0231", addresses=("10.20.30.41", "10.20.31.0/28")),
    ) == config.hosts
    assert (
        FileFeed(path="/var/log/sysmon/*.json"),
        FileFeed(path=str(folder / "b*/x")),
    ) == config.feeds
    assert (SECOND // 2, 2 * 86400 * SECOND) == (config.attribution.hold, config.attribution.stale)
    assert (7200 * SECOND, 0) == (config.alerts.quiet_for, config.alerts.update_every)
    assert config.alerts.unattributed == "log"
    assert (FileSink(path=str(folder / "alerts.jsonl")), StdoutSink()) == config.sinks
    assert str(folder / "state") == config.state.directory
    assert Operations(listen="127.0.0.1:9477") == config.operations
    assert config.log.level == "debug"


@pytest.mark.parametrize("off", ["off", "null", "false", "no", ""])
def test_operations_can_be_off(tmp_path: Path, off: str) -> None:
    """
    `off` is false in YAML 1.1, and means what it says.
    """
    assert load(write(tmp_path, f"operations: {off}")).config.operations is None


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """
    Each with file, line and key, in the order of the file.
    """
    text = """\
sensr: {name: x}
capture:
  engine: rign
  interfaces: [{name: eth1, threads: 0, snaplenn: 5}, {threads: 1}]
dns: {ports: [70000], any_port: maybe, resolvers: [10.0.0.5/24]}
attribution:
  hold: 15
  hold: 3s
hosts:
  - computer: 0123
    addresses: 10.0.0.1
feeds: [{path: x}, {type: kafka}]
sinks: [{type: file}, {type: stdout, path: x}, x]
log: debug
? [a]
: b
"""

    found = problems(write(tmp_path, text))

    assert [
        'sensor.yaml:1: sensr: unknown key; did you mean "sensor"?',
        'sensor.yaml:3: capture.engine: expected one of: ring, portable; got "rign"; '
        'did you mean "ring"?',
        "sensor.yaml:4: capture.interfaces[0].threads: expected a whole number >= 1, got 0",
        'sensor.yaml:4: capture.interfaces[0].snaplenn: unknown key; did you mean "snaplen"?',
        'sensor.yaml:4: capture.interfaces[1]: missing key "name"; it has no default',
        "sensor.yaml:5: dns.ports[0]: expected a port, 1 to 65535, got 70000",
        'sensor.yaml:5: dns.any_port: expected true or false, got "maybe"',
        "sensor.yaml:5: dns.resolvers[0]: expected a network's first address, got "
        '"10.0.0.5/24"; did you mean "10.0.0.0/24" or "10.0.0.5"?',
        "sensor.yaml:7: attribution.hold: expected a duration such as 500ms, 15s, 5m, 1h or 2d, "
        "got 15; did you mean 15s?",
        "sensor.yaml:8: attribution.hold: duplicate key; it stands in line 7 too",
        "sensor.yaml:10: hosts[0].computer: expected text, got 83; put it in quotes",
        'sensor.yaml:11: hosts[0].addresses: expected a list, got "10.0.0.1"; write [10.0.0.1]',
        'sensor.yaml:12: feeds[0]: missing key "type"; one of: file',
        'sensor.yaml:12: feeds[1].type: expected one of: file; got "kafka"',
        'sensor.yaml:13: sinks[0]: missing key "path"; it has no default',
        "sensor.yaml:13: sinks[1].path: unknown key; the keys here are: encoder",
        'sensor.yaml:13: sinks[2]: expected keys and values, got "x"',
        'sensor.yaml:14: log: expected keys and values, got "debug"',
        "sensor.yaml:15: expected a key, got a list",
    ] == found


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: [x\n", "2: not YAML: expected ',' or ']', but got '<stream end>'"),
        (b"a:\n\tb: c\n", "2: not YAML: found character '\\t' that cannot start any token"),
        (b"log: {}\n---\nlog: {}\n", "2: not YAML: but found another document"),
        (b"log: {}\nx: \xff\n", "2: not UTF-8; save it as UTF-8"),
        (b"log: {}\nx: \x01\n", "2: not YAML: a character U+0001; take it out"),
        (b"[" * 5000, "1: nested too deeply"),
        (b"- log\n", "1: expected keys and values, got a list"),
        (b"log: {level: !!python/name:os.system x}", '1: log.level: "x" does not read'),
        (b"log: {level: !!bool x}", '1: log.level: "x" does not read'),
        (b"log: {level: &a [*a]}", "1: log.level: expected a single value, got a list"),
        (b'"\\n\\e[2J": 1', "1: ??[2J: unknown key"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, data: bytes, problem: str) -> None:
    """
    A file that does not parse gives one line, whatever is in it.
    """
    path = tmp_path / "sensor.yaml"
    path.write_bytes(data)

    (found,) = problems(str(path))

    assert found.startswith(f"sensor.yaml:{problem}")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """
    A missing file and a folder are problems, not tracebacks.
    """
    (tmp_path / "folder").mkdir()

    assert [
        ["missing.yaml: No such file or directory; name a file that can be read"],
        ["folder: Is a directory; name a file that can be read"],
    ] == [problems(str(tmp_path / "missing.yaml")), problems(str(tmp_path / "folder"))]


@pytest.mark.parametrize("directory", ["nowhere", "x" * 300, "sensor.yaml"])
def test_a_rule_directory_has_to_be_there(tmp_path: Path, directory: str) -> None:
    """
    A directory that is named and missing is a problem of the file that names it.
    """
    path = write(tmp_path, f"log: {{}}\nrules:\n  directory: {directory}\n")

    assert [
        f'sensor.yaml:3: rules.directory: "{directory}" is no directory; '
        "name the one that holds the rules"
    ] == [problem.replace(f"{tmp_path}/", "") for problem in problems(path)]


def test_a_rule_directory_has_to_hold_rules(tmp_path: Path) -> None:
    """
    A sensor without any rule would be silent for ever: hidden and other files are no rules.
    """
    path = write(tmp_path, "rules: {directory: other}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".a.yaml").write_text(RULE.format(id="a"))
    (tmp_path / "other" / "README.md").write_text("none")

    assert [
        'sensor.yaml:1: rules.directory: "other" holds no rule; rules are files that end in .yaml'
    ] == problems(path)


def test_without_rules_of_its_own_a_configuration_has_the_shipped_ones(tmp_path: Path) -> None:
    """
    A file that says nothing of rules, with none beside it, goes with the shipped rules.
    """
    path = tmp_path / "mine.yaml"
    path.write_text("dns: {ports: [5353]}")

    assert load().rules == load(str(path)).rules


def test_rules_come_in_the_order_of_their_files(tmp_path: Path) -> None:
    """
    The order is that of the file names, so that two machines agree on it.
    """
    path = write(tmp_path, "", b=RULE.format(id="x"), a=RULE.format(id="z"), c=RULE.format(id="y"))

    assert ["z", "x", "y"] == [rule.id for rule in load(path).rules]


def test_the_problems_of_all_rules_are_told_at_once(tmp_path: Path) -> None:
    """
    A rule that is wrong hides neither the next one nor a repeated id.
    """
    path = write(
        tmp_path,
        "",
        a=RULE.format(id="A"),
        b="id: b\nnames: [a..b]\nversoin: 2\n",
        c=RULE.format(id="c"),
        d="# the same\n" + RULE.format(id="c"),
    )

    assert [
        "rules/a.yaml:1: id: expected lower-case letters, digits and single hyphens, "
        'at most 64, got "A"',
        'rules/b.yaml:2: names[0]: expected a DNS name, got "a..b": the name has an empty label',
        'rules/b.yaml:3: versoin: unknown key; did you mean "version"?',
        'rules/d.yaml:2: id: "c" is the id of rules/c.yaml too; ids differ',
    ] == problems(path)


def test_the_problems_print_one_a_line() -> None:
    """
    The error's text is what a command writes to standard error; its exit code is 2.
    """
    error = ConfigError(("a", "b"))

    assert ("a\nb", 2) == (str(error), error.exit_code)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("15s")
)
KEYS = st.sampled_from(
    [*keys(Config), "name", "ports", "hold", "type", "computer", "addresses", "path", "listen"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_document_is_read_or_its_problems_told(document: dict[str, Any]) -> None:
    """
    Whatever the values are, either there is a configuration or there are problems, never both.
    """
    reader = Document("x.yaml")

    config = reader.read(yaml.safe_dump(document).encode("utf-8", "replace"), Config)

    assert (config is None) == bool(reader.problems)
    assert all("\n" not in problem for problem in reader.problems)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_their_problems_told(data: bytes) -> None:
    """
    No file whatever raises.
    """
    reader = Document("x.yaml")

    config = reader.read(data, Config)

    assert (config is None) == bool(reader.problems)


TAGS = ["int", "float", "bool", "null", "timestamp", "binary", "set", "omap", "pairs", "merge"]


@given(
    st.sampled_from([*TAGS, "str", "seq", "map", "python/object:os.x", "value"]), st.text("0:-.xT=")
)
@settings(max_examples=200, deadline=None)
def test_a_tag_that_does_not_fit_raises_nothing(tag: str, text: str) -> None:
    """
    PyYAML's constructors raise many things for an explicit tag on the wrong text.
    """
    reader = Document("x.yaml")

    config = reader.read(f'log: {{level: !!{tag} "{text}"}}'.encode(), Config)

    assert (config is None) == bool(reader.problems)


@given(st.integers(0, 366 * 24).map(lambda hours: f"{hours}h"))
@settings(max_examples=50, deadline=None)
def test_a_duration_in_a_file_is_what_its_form_says(written: str) -> None:
    """
    Between file and value stands the form and nothing else.
    """
    config = Document("x.yaml").read(f"alerts: {{quiet_for: {written}}}".encode(), Config)

    assert config is not None
    assert duration(written) == config.alerts.quiet_for
