"""Run captures and event logs through the river and print what it finds.

A pure function of its inputs: the event files are read first, then the frames pass as one stream
merged with the events by time, a frame first where equal. The only clock is the one that says how
long it took.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

import msgspec

from sensor import alerts, pipeline
from sensor.alerts import Alert
from sensor.attribution import attribute
from sensor.capture.files import Captures
from sensor.config import Loaded
from sensor.counters import Counters
from sensor.decap.unwrap import Unwrap
from sensor.dns.message import Message
from sensor.encoders import lines
from sensor.encoders.ecs import Encoder
from sensor.encoders.sentence import sentence
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.hosts import Configured
from sensor.endpoint.log import EXPECTED, EventLog, read_events
from sensor.errors import OutputError, UsageError
from sensor.forms import one_line
from sensor.frame import Frame
from sensor.log import Log
from sensor.pipeline import Pipeline, Sighted, Value
from sensor.progress import watched
from sensor.rules.rule import Rule
from sensor.rules.verdict import Verdict
from sensor.settings import Config
from sensor.stage import END, Nanoseconds
from sensor.transactions import Transaction
from sensor.watch import EVERY

if TYPE_CHECKING:
    from sensor.hold.captures import HeldCaptures

# What each kind of line taps of the river.
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "alerts": frozenset(),
    "lookups": frozenset({"verdicts"}),
    "messages": frozenset({"messages"}),
    "transactions": frozenset({"transactions"}),
    "anomalies": frozenset({"anomalies"}),
}
OBSERVER: Final = "replay"
UNKEPT: Final = "as at every start: set NUMBA_CACHE_DIR to a folder that can be written"

# The kinds of lines that are about watched names alone, so the sieve may drop all else.
SIFTED: Final = frozenset({"alerts", "lookups"})

# What may leave early without a loss: it is remembered against forged pieces that come late.
MEMORIES: Final = frozenset({"fragments.told"})

# Seconds until a thread that waits for the interpreter gets it from another. The sieve's threads
# walk for about a millisecond without it; with the usual 5 ms they would wait longer than that.
SWITCH: Final = 0.0001

Step: TypeAlias = tuple[Nanoseconds, Frame]
"""The largest time so far, of frames that were dropped too, and a frame."""


class Options(msgspec.Struct, frozen=True):
    """What the command line asks for; `watch` names are canonical, `stats` is a path."""

    captures: tuple[str, ...]
    events: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    emit: str = "alerts"
    revisions: str = "final"
    stats: str | None = None
    sieve: bool = True


def replay(options: Options, loaded: Loaded, out: BinaryIO, log: Log) -> int:
    """Replay and print to `out`; return the exit code.

    Returns:
        0, or 1 when a file could not be read, or not to its end; all that could be was processed.

    Raises:
        UsageError: When the statistics cannot be written where they are wanted.
    """
    started = time.perf_counter()
    with _open_stats(options.stats) as stats:
        event_log = read_events(options.events)
        rules = _watching(loaded.rules, options.watch)
        settings = _settings(options, loaded.config, rules)
        captures = _captures(options, settings)
        river = Pipeline(settings)
        printer = _Printer(options, loaded.config, rules, out, log)
        with watched(captures) as steps, _switching():
            for value in _played(river, steps, event_log.events):
                printer.take(value)
        for value in _ended(river, captures.now):
            printer.take(value)
        printer.finish()
        problems = [*event_log.problems, *captures.problems]
        for line in problems:
            sys.stderr.write(f"dns-sensor: {one_line(line)}\n")
        counters = river.counters
        for name in event_log.unrecognised:
            log.warning("events.none_in_file", file=name, remedy=EXPECTED)
        if event_log.rejected:
            log.warning("events.rejected", **event_log.rejected)
        if captures.counts is not None:
            counters.evicted += captures.counts.evicted
            counters.anomalies += captures.counts.anomalies
        lost = {name: n for name, n in counters.evicted.items() if name not in MEMORIES}
        if lost:
            log.warning("state.evicted", **lost)
        if stats is not None:
            elapsed = time.perf_counter() - started
            stats(_statistics(counters, captures, printer.alerts, event_log, elapsed))
    return 1 if problems else 0


class _Whole:
    """Captures without a sieve, with what replay asks of sifted ones."""

    counts = None
    now: Nanoseconds = 0

    def __init__(self, paths: Sequence[str]) -> None:
        self._captures = Captures(paths)
        self.problems = self._captures.problems
        self.octets_total = self._captures.octets_total

    @property
    def octets_read(self) -> int:
        return self._captures.octets_read

    def __iter__(self) -> Iterator[Step]:
        for frame in self._captures:
            self.now = max(self.now, frame.at)
            yield self.now, frame


def _captures(options: Options, settings: pipeline.Settings) -> "_Whole | HeldCaptures":
    """Open the captures, sifted where only watched names are asked for."""
    names = [name for rule in settings.rules for name in rule.names]
    if not options.sieve or options.emit not in SIFTED or not options.captures or EVERY in names:
        return _Whole(options.captures)
    # numba takes a third of a second to load, so it is only where it serves.
    from sensor.capture.sifted import Sifted  # noqa: PLC0415
    from sensor.capture.stretch import Sieve  # noqa: PLC0415
    from sensor.hold.captures import HeldCaptures  # noqa: PLC0415
    from sensor.hold.hold import Hold  # noqa: PLC0415
    from sensor.sieve.compiled import FOLDER, is_warm  # noqa: PLC0415
    from sensor.sieve.tables import Tables  # noqa: PLC0415

    if not is_warm():
        often = "once for this version" if FOLDER else UNKEPT
        sys.stderr.write(f"dns-sensor: compiling the sieve, {often}\n")
    tables = Tables.of(
        names, settings.ports, any_port=settings.any_port, vxlan_ports=settings.vxlan_ports
    )
    threads = len(os.sched_getaffinity(0))  # the processors that this process may use
    sifted = Sifted(options.captures, Sieve(lambda: tables.arguments), threads=threads)
    unwrap = Unwrap(settings.ports, settings.vxlan_ports)
    return HeldCaptures(sifted, Hold(tables.arguments, unwrap))


@contextlib.contextmanager
def _switching() -> Iterator[None]:
    """Let the sieve's threads and the river take turns more often than is usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(SWITCH, usual))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _played(
    river: Pipeline, steps: Iterable[Step], events: Sequence[ProcessEvent]
) -> Iterator[Value]:
    """Join frames and events by time; a frame whose time goes back passes where it stands.

    What the sieve dropped moved the time on: the river is told of it before a frame behind that.
    """
    position = 0
    now = 0
    for reached, frame in steps:
        now = max(now, reached)
        first = position
        while position < len(events) and events[position].at < now:
            position += 1
        if first < position:
            yield from river(events[first:position], 0)
        if frame.at < now and frame.late is None:
            yield from river([], now)
        yield from river([frame], 0)
    yield from river(events[position:], 0)


def _ended(river: Pipeline, now: Nanoseconds) -> Iterator[Value]:
    """Let the time of the last frame come, dropped or not, and then the end."""
    yield from river([], now)
    yield from river([], END)


def _watching(rules: tuple[Rule, ...], watch: tuple[str, ...]) -> tuple[Rule, ...]:
    """Put the names to watch in the place of the rules' own; the first rule bears them."""
    if not watch:
        return rules
    return (msgspec.structs.replace(rules[0], names=watch),)


def _settings(options: Options, config: Config, rules: tuple[Rule, ...]) -> pipeline.Settings:
    feed = bool(options.events)
    return pipeline.Settings(
        rules=rules,
        attribution=attribute.Settings(
            feed=feed,
            stale=config.attribution.stale,
            resolvers=config.dns.resolvers,
            dns_ports=frozenset(config.dns.ports),
        ),
        alerts=alerts.Settings(
            hold=config.attribution.hold if feed else 0,
            quiet_for=config.alerts.quiet_for,
            update_every=config.alerts.update_every,
        ),
        ports=frozenset(config.dns.ports),
        any_port=config.dns.any_port,
        vxlan_ports=config.tunnels.vxlan_ports,
        hosts=tuple(Configured(host.computer, host.addresses) for host in config.hosts),
        taps=KINDS[options.emit],
    )


class _Printer:
    """Prints values as they come, or alerts as they end."""

    def __init__(
        self,
        options: Options,
        config: Config,
        rules: tuple[Rule, ...],
        out: BinaryIO,
        log: Log,
    ) -> None:
        self.alerts = 0
        self._emit = options.emit
        self._all = options.revisions == "all"
        self._to_log = config.alerts.unattributed == "log"
        self._encode = Encoder(rules, config.sensor.name or OBSERVER)
        self._out = out
        self._log = log
        self._last: dict[str, Alert] = {}
        self._show = _terminal() if self._emit == "alerts" and out.isatty() else None

    def take(self, value: Value) -> None:
        if isinstance(value, Alert):
            self._last[value.id] = value
            if self._all and self._emit == "alerts":
                self._alert(value)
        elif isinstance(value, Message):
            self._line(lines.message_line(value))
        elif isinstance(value, Transaction):
            self._line(lines.transaction_line(value))
        elif isinstance(value, Sighted):
            self._line(lines.anomaly_line(value))
        elif value.retired:
            self._lookup(value)

    def finish(self) -> None:
        """Print the last revision of each alert that still stands."""
        standing = [alert for alert in self._last.values() if alert.state != "retracted"]
        self.alerts = len(standing)
        if self._emit == "alerts" and not self._all:
            for alert in standing:
                self._alert(alert)
        self._out.flush()

    def _lookup(self, verdict: Verdict) -> None:
        if verdict.lookup is not None and verdict.rule != verdict.lookup.matches[0].rule:
            return  # another rule has told it
        line = lines.lookup_line(verdict)
        if line is not None:
            self._line(line)

    def _alert(self, alert: Alert) -> None:
        if self._to_log and alert.state == "unattributed":
            self._log.warning("finding.unattributed", id=alert.id, message=sentence(alert))
        elif self._show is not None:
            self._show(alert)
        else:
            self._line(self._encode(alert))

    def _line(self, document: msgspec.Struct) -> None:
        self._out.write(msgspec.json.encode(document) + b"\n")


def _terminal() -> Callable[[Alert], None]:
    """Make what shows an alert to a person: one coloured sentence, with its time and weight."""
    from rich.console import Console  # noqa: PLC0415  (0.1 s, and only on a terminal)
    from rich.text import Text  # noqa: PLC0415

    from sensor.encoders.clock import micros  # noqa: PLC0415
    from sensor.rules.risk import score  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)

    def show(alert: Alert) -> None:
        weight = score(alert.reasons)
        colour = "red" if weight >= 70 else "yellow" if weight >= 50 else "cyan"
        console.print(
            Text(micros(alert.start), style="dim"),
            Text(f"{alert.state:>12}", style=f"bold {colour}"),
            Text(f"{weight:>3}", style=colour),
            Text(sentence(alert)),
        )

    return show


@contextlib.contextmanager
def _open_stats(path: str | None) -> Iterator[Callable[[bytes], None] | None]:
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("wb")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise UsageError(
            f"--stats {path}: {error.strerror}; name a file that can be written"
        ) from None

    def write(statistics: bytes) -> None:
        try:
            file.write(statistics)
            file.flush()
        except OSError as error:
            raise OutputError(f"--stats {path}: {error.strerror}") from None

    try:
        yield write
    finally:
        with contextlib.suppress(OSError):  # what was not written has been told
            file.close()


def _statistics(
    counters: Counters,
    captures: "_Whole | HeldCaptures",
    told: int,
    event_log: EventLog,
    elapsed: float,
) -> bytes:
    dropped = captures.counts
    statistics = {
        "frames": counters.frames + (dropped.frames if dropped else 0),
        "bytes": counters.octets + (dropped.octets if dropped else 0),
        "dns_messages": counters.dns_messages + (dropped.dns_messages if dropped else 0),
        "alerts": told,
        "exempt_lookups": counters.exempt_lookups,
        "events": {
            "read": event_log.read,
            "duplicate": event_log.duplicate,
            "rejected": sum(event_log.rejected.values()),
        },
        "rejected": event_log.rejected,
        "leftovers": dict(sorted(counters.leftovers.items())),
        "anomalies": dict(sorted(counters.anomalies.items())),
        "evicted": dict(sorted(counters.evicted.items())),
        "sieve": dropped.reasons if dropped else {},
        "held": dropped.held if dropped else 0,
        "elapsed_s": round(elapsed, 6),
    }
    return msgspec.json.format(msgspec.json.encode(statistics), indent=2) + b"\n"
