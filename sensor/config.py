"""Read the configuration and its rules from files.

Without a path it is what ships with the package: `config/` in a checkout, the same files inside
an installed wheel. Relative paths in a file are relative to that file. All that is wrong with the
configuration and with every rule is told at once.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from sensor.document import Document, S
from sensor.errors import ConfigError
from sensor.rules.rule import Rule
from sensor.settings import Config, FileSink

# A rule with 100,000 names is 3 MB; what is larger than this is no configuration.
LARGEST: Final = 16 * 1024 * 1024

_RULE_FILES: Final = (".yaml", ".yml")


class Loaded(msgspec.Struct, frozen=True):
    """A configuration whose paths are all absolute, and its rules, in the order of their files."""

    config: Config
    rules: tuple[Rule, ...]


def shipped() -> Path:
    """Find the folder that ships `sensor.yaml`, `rules/` and `schema/`."""
    package = Path(__file__).resolve().parent
    installed = package / "_config"
    return installed if installed.is_dir() else package.parent / "config"


def load(path: str | None = None) -> Loaded:
    """Read a configuration and the rules it points to.

    Args:
        path: The YAML file; None for what ships with the package.

    Raises:
        ConfigError: With one line for each thing that is wrong, in any of the files.
    """
    name = str(shipped() / "sensor.yaml") if path is None else path
    document = Document(name)
    config = _read(document, Config)
    if config is None:
        raise ConfigError(document.problems)
    directory = _rule_directory(document, config)
    rules, problems = _rules(directory) if directory is not None else ((), ())
    if directory is not None and not rules and not problems:
        document.complain(
            "rules.directory", f'"{directory}" holds no rule; rules are files that end in .yaml'
        )
    if document.problems or problems:
        raise ConfigError(document.problems + problems)
    return Loaded(_anchor(config, Path(name).parent, str(directory)), rules)


def _read(document: Document, of: type[S]) -> S | None:
    try:
        with Path(document.name).open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigError((f"{document.name}: {reason}; name a file that can be read",)) from None
    if len(data) > LARGEST:
        raise ConfigError((f"{document.name}: larger than {LARGEST >> 20} MiB; is it YAML?",))
    return document.read(data, of)


def _rule_directory(document: Document, config: Config) -> Path | None:
    """Find the rules; None when the document's problems say why not.

    A configuration that says nothing of rules and has none beside it goes with the shipped ones.
    """
    directory = Path(os.path.normpath(Path(document.name).parent / config.rules.directory))
    # `Path.is_dir` raises for a name that is too long.
    if os.path.isdir(directory):  # noqa: PTH112
        return directory
    if not document.has("rules.directory"):
        return shipped() / "rules"
    document.complain(
        "rules.directory", f'"{directory}" is no directory; name the one that holds the rules'
    )
    return None


def _rules(directory: Path) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Read every rule of a directory, and say what is wrong with them."""
    rules: dict[str, Rule] = {}
    files: dict[str, str] = {}
    problems: list[str] = []
    try:
        found = sorted(directory.iterdir())
    except OSError as error:
        return (), (f"{directory}: {error.strerror}; name a folder that can be read",)
    for file in found:
        if file.suffix not in _RULE_FILES or file.name.startswith("."):
            continue
        document = Document(str(file))
        try:
            rule = _read(document, Rule)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        if rule is not None and rule.id in rules:
            document.complain("id", f'"{rule.id}" is the id of {files[rule.id]} too; ids differ')
        elif rule is not None:
            rules[rule.id] = rule
            files[rule.id] = str(file)
        problems.extend(document.problems)
    return tuple(rules.values()), tuple(problems)


def _anchor(config: Config, base: Path, rules: str) -> Config:
    """Make every path absolute, relative ones from the configuration's own folder."""

    def absolute(path: str) -> str:
        # Not `resolve`: links stay as written.
        return os.path.abspath(base / path)  # noqa: PTH100

    directory = config.state.directory
    return msgspec.structs.replace(
        config,
        rules=msgspec.structs.replace(config.rules, directory=absolute(rules)),
        feeds=tuple(msgspec.structs.replace(f, path=absolute(f.path)) for f in config.feeds),
        sinks=tuple(
            msgspec.structs.replace(s, path=absolute(s.path)) if isinstance(s, FileSink) else s
            for s in config.sinks
        ),
        state=msgspec.structs.replace(
            config.state, directory=None if directory is None else absolute(directory)
        ),
    )
