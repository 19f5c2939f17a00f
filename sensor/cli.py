"""The command line: `dns-sensor` and its commands.

JSON on standard output, everything else on standard error. Exit codes: 0 done; 1 the input or the
run failed, after all that could be read was processed; 2 usage or configuration.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sensor import __version__
from sensor.config import load
from sensor.encoders.schema import SCHEMAS, schema
from sensor.errors import ConfigError, OutputError, SensorError, UsageError
from sensor.forms import one_line
from sensor.log import Log
from sensor.replay import KINDS, Options, replay
from sensor.rules.rule import watched

CONFIGURATION: Final = "/etc/dns-sensor/sensor.yaml"
INTERRUPTED: Final = 130  # 128 and SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    if sys.stdout is None:
        return _fail(OutputError("standard output is closed"))
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except SensorError as error:
        return _fail(error)
    except BrokenPipeError:  # whoever reads has seen enough
        _discard_output()
        return 0
    except OSError as error:  # every other file is guarded where it is opened
        _discard_output()
        return _fail(OutputError(f"standard output: {error.strerror}"))
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _fail(error: SensorError) -> int:
    problems = error.problems if isinstance(error, ConfigError) else (f"dns-sensor: {error}",)
    for problem in problems:
        sys.stderr.write(f"{one_line(problem)}\n")
    return error.exit_code


def _discard_output() -> None:
    """Let Python not complain again when it closes standard output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _replay(options: argparse.Namespace) -> int:
    if not options.captures and not options.events:
        raise UsageError("nothing to replay: name a capture, or event files with --events")
    if [*options.captures, *options.events].count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    read = [*options.captures, *options.events, *([options.config] if options.config else [])]
    if options.stats and _real(options.stats) in map(_real, read):
        raise UsageError(f"--stats {options.stats} is read by this replay; name another file")
    loaded = load(options.config)
    asked = Options(
        captures=tuple(options.captures),
        events=tuple(options.events),
        watch=tuple(_watched(name) for name in options.watch),
        sieve=not options.no_sieve,
        emit=options.emit,
        revisions=options.revisions,
        stats=options.stats,
    )
    return replay(asked, loaded, sys.stdout.buffer, Log(loaded.config.log.level))


def _real(path: str) -> str:
    return os.path.realpath(path)


def _watched(name: str) -> str:
    try:
        return watched(name)
    except ValueError as error:
        raise UsageError(f"--watch {name}: {error}") from None


def _check(options: argparse.Namespace) -> int:
    path = options.config or CONFIGURATION
    if options.config is None and not Path(path).exists():
        raise UsageError(f"{path} does not exist; name a configuration with -c FILE")
    loaded = load(path)
    names = sum(len(rule.names) for rule in loaded.rules)
    sys.stderr.write(f"{path}: in order; {len(loaded.rules)} rules watch {names} names\n")
    return 0


def _schema(options: argparse.Namespace) -> int:
    sys.stdout.write(schema(options.kind))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dns-sensor",
        description="See who resolves a watched name, and which process asked.",
    )
    parser.add_argument("--version", action="version", version=f"dns-sensor {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_replay(commands)
    check = commands.add_parser("check", help="read a configuration and say all that is wrong")
    _add_config(check, CONFIGURATION)
    check.set_defaults(run=_check)
    kinds = commands.add_parser("schema", help="print the JSON Schema of what goes in or out")
    kinds.add_argument("kind", nargs="?", default="alert", choices=[*SCHEMAS])
    kinds.set_defaults(run=_schema)
    return parser


def _add_config(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "-c", "--config", metavar="FILE", help=f"settings and rules (default: {default})"
    )


def _add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "replay",
        help="run captures and event logs through the sensor and print what it finds",
        description=(
            "Run captures (pcap, pcapng; gzip, zstd, xz) and Sysmon logs through the sensor and "
            "print what it finds, one JSON object a line."
        ),
        epilog=(
            "examples:\n"
            "  dns-sensor replay --events host.jsonl monday.pcap | jq .message\n"
            "  dns-sensor replay --watch '*' --emit lookups --events host.evtx tap.pcapng.gz\n"
            "  tcpdump -w - port 53 | dns-sensor replay -"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("captures", nargs="*", metavar="PCAP", help="captures; - is standard input")
    _add_config(parser, "the shipped ones")
    parser.add_argument(
        "--events",
        action="append",
        default=[],
        metavar="FILE",
        help="Sysmon events: JSON lines, Windows Event XML or EVTX; may be repeated",
    )
    parser.add_argument(
        "--watch",
        action="append",
        default=[],
        metavar="NAME",
        help="watch this name instead of the rules' (.NAME: all below it, *: every name)",
    )
    parser.add_argument("--emit", choices=[*KINDS], default="alerts", help="what to print")
    parser.add_argument(
        "--revisions",
        choices=["final", "all"],
        default="final",
        help="print each alert's last revision, or every one",
    )
    parser.add_argument(
        "--no-sieve",
        action="store_true",
        help="walk every frame, without the compiled sieve: slower, with the same output",
    )
    parser.add_argument("--stats", metavar="FILE", help="write counts to FILE as JSON")
    parser.set_defaults(run=_replay)
