"""The configuration's values: every key of `sensor.yaml`, its type and its default.

`config/sensor.yaml` says what each key is for; `sensor.config` reads files into these values.
Durations are nanoseconds here and text such as `15s` there.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, field

from sensor.forms import Computer, Duration, Listen, Network, Port, Text
from sensor.stage import HOUR, MINUTE, SECOND


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share: their values never change, and an unknown key is a mistake."""


class Identity(Section, frozen=True):
    """Who the sensor is; `name` None is the host's name, in replay `replay`."""

    name: Text | None = None
    user: Text | None = None


class Interface(Section, frozen=True):
    """One capture point; `snaplen` in octets, `bpf` a capture filter (pcap-filter(7))."""

    name: Text
    threads: Annotated[int, Meta(ge=1, le=64)] = 1
    # The most that libpcap itself will take (MAXIMUM_SNAPLEN).
    snaplen: Annotated[int, Meta(ge=64, le=262_144)] = 262_144
    bpf: Text | None = None


class Capture(Section, frozen=True):
    """Where frames come from, live."""

    interfaces: tuple[Text | Interface, ...] = ()
    engine: Literal["ring", "portable"] = "ring"


class Dns(Section, frozen=True):
    """What counts as DNS, and whose lookups stand for others'."""

    ports: tuple[Port, ...] = (53,)
    any_port: bool = True
    resolvers: tuple[Network, ...] = ()


class Tunnels(Section, frozen=True):
    """What is looked into on ports that nothing else proves to be a tunnel's."""

    vxlan_ports: tuple[Port, ...] = ()


class Rules(Section, frozen=True):
    """Where the rules are, one a file."""

    directory: Text = "rules/"


class Host(Section, frozen=True):
    """A computer and the addresses it is known to hold."""

    computer: Computer
    addresses: Annotated[tuple[Network, ...], Meta(min_length=1)]


class FileFeed(Section, frozen=True, tag="file"):
    """Process events from files; `path` may hold wildcards."""

    path: Text


class Attribution(Section, frozen=True):
    """How long to wait for the endpoint's side of a lookup."""

    hold: Duration = 15 * SECOND
    stale: Duration = 15 * MINUTE


class Alerts(Section, frozen=True):
    """How findings gather in alerts, and which are told."""

    quiet_for: Duration = HOUR
    update_every: Duration = 5 * MINUTE
    unattributed: Literal["alert", "log"] = "alert"


class FileSink(Section, frozen=True, tag="file"):
    """Alerts into a file, one JSON object a line."""

    path: Text
    encoder: Literal["ecs"] = "ecs"


class StdoutSink(Section, frozen=True, tag="stdout"):
    """Alerts on standard output."""

    encoder: Literal["ecs"] = "ecs"


class JournaldSink(Section, frozen=True, tag="journald"):
    """Alerts into systemd's journal."""

    encoder: Literal["ecs"] = "ecs"


Sink: TypeAlias = FileSink | StdoutSink | JournaldSink


class State(Section, frozen=True):
    """Where state is kept; None is `$STATE_DIRECTORY`, else /var/lib/dns-sensor."""

    directory: Text | None = None


class Operations(Section, frozen=True):
    """Where health and counters are served."""

    listen: Listen


class Log(Section, frozen=True):
    """What the operational log tells."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section, frozen=True):
    """The whole of `sensor.yaml`."""

    sensor: Identity = field(default_factory=Identity)
    capture: Capture = field(default_factory=Capture)
    dns: Dns = field(default_factory=Dns)
    tunnels: Tunnels = field(default_factory=Tunnels)
    rules: Rules = field(default_factory=Rules)
    hosts: tuple[Host, ...] = ()
    feeds: tuple[FileFeed, ...] = ()
    attribution: Attribution = field(default_factory=Attribution)
    alerts: Alerts = field(default_factory=Alerts)
    sinks: tuple[Sink, ...] = (StdoutSink(),)
    state: State = field(default_factory=State)
    operations: Operations | None = None
    log: Log = field(default_factory=Log)
