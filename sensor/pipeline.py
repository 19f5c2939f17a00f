"""One packet's journey, top to bottom. Read this first.

    frame         captured bytes, their time, link type and capture point
      unwrap      takes the headers off                           → packet
      read        is it DNS? what does it say?                    → message
      doubles     marks what a mirror showed twice                → message
      transactions pairs a query with its response                → transaction
      lookups     one client's wish to know one watched name      → lookup
    event         what Sysmon says a process did; joins here
      attribution whose wish was it, how sure, what speaks against → attributed
      judge       what does each rule say of it                   → verdict
      alerts      what is worth telling, and when                 → alert

Between packet and message two stages will stand: fragments put datagrams together, streams cut
TCP at its length prefixes.

Every stage is a function of `(items, now)`. `now` is the largest time seen, in frames and events
alike; nothing here reads a clock, a file or a socket, so the same river runs live and over files.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeAlias

import msgspec

from sensor import alerts as gathering
from sensor.alerts import Alert, Alerts
from sensor.anomalies import Anomaly
from sensor.attribution import attribute as joining
from sensor.attribution.attribute import Attribution
from sensor.counters import Counters
from sensor.decap.unwrap import Leftover, unwrap
from sensor.dns.message import Message
from sensor.doubles import Doubles
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.hosts import Configured, Hosts
from sensor.frame import Frame
from sensor.lookups import Lookup, Lookups
from sensor.messages import Reader
from sensor.packet import Packet
from sensor.rules.judge import Judge
from sensor.rules.rule import Rule
from sensor.rules.verdict import Verdict
from sensor.stage import END, Nanoseconds
from sensor.transactions import Transaction, Transactions
from sensor.watch import Watch


class Settings(msgspec.Struct, frozen=True):
    """All that the river needs to know: the rules, and each stage's own settings.

    `taps` names the bridges whose values are handed out beside the alerts: any of `messages`,
    `transactions`, `verdicts`, `anomalies`.
    """

    rules: tuple[Rule, ...]
    attribution: joining.Settings
    alerts: gathering.Settings
    ports: frozenset[int] = frozenset({53})
    any_port: bool = True
    hosts: tuple[Configured, ...] = ()
    taps: frozenset[str] = frozenset()


class Sighted(msgspec.Struct, frozen=True):
    """An anomaly, and where it was met: in a message, a packet or a frame without either."""

    at: Nanoseconds
    anomaly: Anomaly
    of: Message | Packet | Leftover


Value: TypeAlias = Message | Transaction | Verdict | Alert | Sighted


class Pipeline:
    """The river as one stage: frames and process events in, alerts and tapped values out."""

    key: ClassVar[str] = "host"

    def __init__(self, settings: Settings) -> None:
        watch = Watch((rule.id, name) for rule in settings.rules for name in rule.names)
        self._watch = watch
        self._taps = settings.taps
        self._read = Reader(settings.ports, any_port=settings.any_port)
        self._doubles = Doubles()
        self._transactions = Transactions()
        self._lookups = Lookups(watch)
        self._attribution = Attribution(settings.attribution, watch, Hosts(settings.hosts))
        self._judge = Judge(settings.rules, watch)
        self._alerts = Alerts(settings.alerts)
        self._counters = Counters()
        self._now: Nanoseconds = 0

    def __call__(self, items: Iterable[Frame | ProcessEvent], now: Nanoseconds) -> Iterator[Value]:
        for item in items:
            is_late = item.at < self._now  # then the stages must be told what `now` is
            self._now = max(self._now, item.at)
            yield from self._pass(self._now) if is_late else self._wait(self._now)
            if isinstance(item, Frame):
                yield from self._frame(item)
            else:
                yield from self._endpoint([item], self._now)
        if now == END:
            yield from self._pass(self._now)  # what is held leaves at the latest time seen
            yield from self._pass(END)
        else:
            self._now = max(self._now, now)
            yield from self._wait(self._now)

    def deadline(self) -> Nanoseconds:
        """When something held anywhere falls due."""
        return min(
            self._transactions.deadline(),
            self._lookups.deadline(),
            self._attribution.deadline(),
            self._alerts.deadline(),
        )

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        counters = self._counters
        counters.exempt_lookups = self._alerts.exempt
        for name, evicted in (
            ("doubles", self._doubles.evicted),
            ("transactions", self._transactions.evicted),
            ("lookups", self._lookups.evicted),
            ("attribution", self._attribution.evicted),
            ("alerts", self._alerts.evicted),
        ):
            if evicted:
                counters.evicted[name] = evicted
        return counters

    def _frame(self, frame: Frame) -> Iterator[Value]:
        """Follow one frame down to its message."""
        self._counters.frames += 1
        self._counters.octets += len(frame.data)
        packet = unwrap(frame)
        if isinstance(packet, Leftover):
            self._counters.leftovers[packet.what] += 1
            yield from self._sight(packet, packet.anomalies)
        elif (message := self._read(packet)) is None:
            yield from self._sight(packet, self._read.damage(packet))
        else:
            self._counters.dns_messages += self._read.is_configured(packet)
            yield from self._message(message)

    def _message(self, read: Message) -> Iterator[Value]:
        """Follow one message down to transactions, unless nothing asks for those of its name."""
        for message in self._doubles([read], self._now):
            yield from self._sight(message, (*message.anomalies, *message.dns.anomalies))
            if "messages" in self._taps:
                yield message
            if "transactions" in self._taps or self._watch.concerns(message.dns):
                yield from self._pair([message], self._now)

    def _wait(self, now: Nanoseconds) -> Iterator[Value]:
        """Let time go by until `now`, from one deadline to the next: all leaves in its order."""
        while (due := self.deadline()) <= now:
            yield from self._pass(due)

    def _pass(self, now: Nanoseconds) -> Iterator[Value]:
        """Tell every stage the time."""
        yield from self._doubles([], now)
        yield from self._pair([], now)

    def _pair(self, messages: list[Message], now: Nanoseconds) -> Iterator[Value]:
        """Follow messages, and what became due, down to lookups."""
        transactions = list(self._transactions(messages, now))
        if "transactions" in self._taps:
            yield from (each for each in transactions if each.closed)
        yield from self._endpoint(self._lookups(transactions, now), now)

    def _endpoint(
        self, items: Iterable[Lookup | ProcessEvent], now: Nanoseconds
    ) -> Iterator[Value]:
        """Follow lookups and events down to alerts."""
        verdicts = list(self._judge(self._attribution(items, now), now))
        if "verdicts" in self._taps:
            yield from verdicts
        for alert in self._alerts(verdicts, now):
            self._counters.alerts += alert.revision == 0
            yield alert

    def _sight(
        self, where: Message | Packet | Leftover, anomalies: tuple[Anomaly, ...]
    ) -> Iterator[Sighted]:
        for anomaly in anomalies:
            self._counters.anomalies[anomaly] += 1
            if "anomalies" in self._taps:
                yield Sighted(where.at, anomaly, where)


__all__ = ["END", "Pipeline", "Settings", "Sighted", "Value"]
