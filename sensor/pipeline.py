"""One packet's journey, top to bottom. Read this first.

    frame         captured bytes, their time, link type and capture point
      unwrap      takes the headers off, tunnels too              → packet
      fragments   puts a datagram together, to be unwrapped on    → datagram
      streams     cuts TCP at its length prefixes                 → packet
      read        is it DNS, or a cousin of it? what does it say? → message
      doubles     marks what a mirror showed twice                → message
      transactions pairs a query with its response                → transaction
      lookups     one client's wish to know one watched name      → lookup
    event         what Sysmon says a process did; joins here
      attribution whose wish was it, how sure, what speaks against → attributed
      judge       what does each rule say of it                   → verdict
      alerts      what is worth telling, and when                 → alert

Every stage is a function of `(items, now)`. `now` is the largest time seen, in frames and events
alike; nothing here reads a clock, a file or a socket, so the same river runs live and over files.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, TypeAlias

import msgspec

from sensor import alerts as gathering
from sensor.alerts import Alert, Alerts
from sensor.anomalies import Anomaly
from sensor.attribution import attribute as joining
from sensor.attribution.attribute import Attribution
from sensor.counters import Counters
from sensor.decap.unwrap import Leftover, Unwrap, Unwrapped
from sensor.dns.message import Message
from sensor.doubles import Doubles
from sensor.endpoint.events import ProcessEvent
from sensor.endpoint.hosts import Configured, Hosts
from sensor.fragments import Fragments
from sensor.frame import Frame
from sensor.lookups import Lookup, Lookups
from sensor.messages import Reader
from sensor.packet import Fragment, Packet
from sensor.rules.judge import Judge
from sensor.rules.rule import Rule
from sensor.rules.verdict import Verdict
from sensor.stage import END, Nanoseconds
from sensor.streams import Streams
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
    vxlan_ports: tuple[int, ...] = ()
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
        self._unwrap = Unwrap(settings.ports, settings.vxlan_ports)
        self._fragments = Fragments()
        self._streams = Streams()
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
        is_late = False
        for item in items:
            late = item.late if isinstance(item, Frame) else None
            is_late = late is not None
            if late is not None:  # it comes as at its own time
                yield from self._wait(late) if late > self._now else ()
            elif item.at < self._now:  # then the stages must be told what `now` is
                yield from self._pass(self._now)
            else:
                yield from self._wait(item.at)
            if isinstance(item, Frame):
                yield from self._frame(item)
            else:
                yield from self._endpoint([item], self._now)
        if is_late and not now:
            return  # what it is a part of may seem overdue until all of it is here
        if now == END:
            yield from self._pass(self._now)  # what is held leaves at the latest time seen
            yield from self._release(END)
            yield from self._tell(END)
        elif now >= self._now:
            yield from self._wait(now)

    def deadline(self) -> Nanoseconds:
        """When something held anywhere falls due."""
        return min(
            self._fragments.deadline(),
            self._streams.deadline(),
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
        counters.evicted = +Counter(
            {
                **_named("fragments", self._fragments.evicted),
                **_named("streams", self._streams.evicted),
                "doubles": self._doubles.evicted,
                "transactions": self._transactions.evicted,
                "lookups": self._lookups.evicted,
                "attribution": self._attribution.evicted,
                "alerts": self._alerts.evicted,
            }
        )
        return counters

    def _frame(self, frame: Frame) -> Iterator[Value]:
        """Follow one frame down; one that was held back brings no time with it."""
        self._counters.frames += 1
        self._counters.octets += len(frame.data)
        found = self._unwrap(frame)
        if frame.late is None or isinstance(found, Leftover):
            yield from self._unwrapped(found, self._now)
        else:
            yield from self._unwrapped(msgspec.structs.replace(found, late=frame.late), 0)

    def _unwrapped(self, found: Unwrapped, now: Nanoseconds) -> Iterator[Value]:
        """Follow what stood below the headers: a fragment, a segment, a packet, or nothing."""
        if isinstance(found, Leftover):
            yield from self._left(found)
        elif isinstance(found, Fragment):
            self._counters.leftovers["fragment"] += 1
            yield from self._rejoin([found], now)
        elif found.transport == "tcp" and self._read.is_configured(found):
            yield from self._cut([found], now)
        else:
            yield from self._packet(found)

    def _left(self, leftover: Leftover) -> Iterator[Sighted]:
        self._counters.leftovers[leftover.what] += 1
        yield from self._sight(leftover, leftover.anomalies)

    def _rejoin(self, fragments: list[Fragment], now: Nanoseconds) -> Iterator[Value]:
        """Follow fragments, and what became due, to the datagrams they make; unwrap these on."""
        for datagram in list(self._fragments(fragments, now)):
            if isinstance(datagram, Leftover):
                yield from self._left(datagram)
            else:
                yield from self._unwrapped(self._unwrap.resume(datagram), self._now)

    def _cut(self, segments: list[Packet], now: Nanoseconds) -> Iterator[Value]:
        """Follow TCP segments, and what became due, to the messages they carry."""
        packets = list(self._streams(segments, now))
        if now != END and any(packet.at < now for packet in packets):  # these are late
            yield from self._tell(now)
        for packet in packets:
            yield from self._packet(packet)

    def _packet(self, packet: Packet) -> Iterator[Value]:
        """Read the message that a packet carries."""
        message = self._read(packet)
        if message is None:
            yield from self._sight(packet, self._read.damage(packet))
        else:
            self._counters.dns_messages += self._read.is_configured(packet)
            yield from self._message(message)

    def _message(self, read: Message) -> Iterator[Value]:
        """Follow one message down to transactions, unless nothing asks for those of its name."""
        for message in self._doubles([read], self._now):
            if message.anomalies or message.dns.anomalies:
                yield from self._sight(message, (*message.anomalies, *message.dns.anomalies))
            if "messages" in self._taps:
                yield message
            if message.protocol == "dns" and self._is_followed(message):
                yield from self._pair([message], self._now)

    def _is_followed(self, message: Message) -> bool:
        return "transactions" in self._taps or self._watch.concerns(message.dns)

    def _wait(self, now: Nanoseconds) -> Iterator[Value]:
        """Let time go by until `now`, from one deadline to the next: all leaves in its order."""
        while (due := self.deadline()) <= now:
            self._now = max(self._now, due)
            yield from self._fall_due(self._now)
        self._now = now

    def _fall_due(self, now: Nanoseconds) -> Iterator[Value]:
        """Wake the stages in which something falls due, and those down the river of them.

        The others learn the time with what comes to them next; but packets held back are late.
        """
        if min(self._fragments.deadline(), self._streams.deadline()) <= now:
            yield from self._pass(now)
        elif self._transactions.deadline() <= now:
            yield from self._pair([], now)
        elif self._lookups.deadline() <= now:
            yield from self._endpoint(list(self._lookups([], now)), now)
        else:
            yield from self._endpoint([], now)

    def _pass(self, now: Nanoseconds) -> Iterator[Value]:
        """Tell every stage the time; those down the river first, for what comes down is late."""
        yield from self._tell(now)
        yield from self._release(now)

    def _tell(self, now: Nanoseconds) -> Iterator[Value]:
        yield from self._doubles([], now)
        yield from self._pair([], now)
        yield from self._endpoint([], now)

    def _release(self, now: Nanoseconds) -> Iterator[Value]:
        yield from self._rejoin([], now)
        yield from self._cut([], now)

    def _pair(self, messages: list[Message], now: Nanoseconds) -> Iterator[Value]:
        """Follow messages, and what became due, down to lookups."""
        transactions = list(self._transactions(messages, now))
        if "transactions" in self._taps:
            yield from (each for each in transactions if each.closed)
        lookups = list(self._lookups(transactions, now))
        if lookups or now >= min(self._attribution.deadline(), self._alerts.deadline()):
            yield from self._endpoint(lookups, now)

    def _endpoint(
        self, items: Sequence[Lookup | ProcessEvent], now: Nanoseconds
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


def _named(stage: str, evicted: Counter[str]) -> dict[str, int]:
    """Name what a stage counts by kinds: the kind that bears the stage's name by that alone."""
    return {stage if kind == stage else f"{stage}.{kind}": n for kind, n in evicted.items()}


__all__ = ["END", "Pipeline", "Settings", "Sighted", "Value"]
