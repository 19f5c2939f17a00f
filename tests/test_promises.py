"""The four promises that every stage keeps, and the river as a whole (DESIGN §4).

cut anywhere       any batching, empty ones and ticks of `now` between them, gives the same output
freeze anywhere    a stage pickles between any two items, and goes on from there
split by key       the work spread over copies, by the key that the stage declares, is the work
ship any value     every value on every bridge encodes and decodes
"""

import copy
import functools
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.alerts import Alert
from sensor.anomalies import Anomaly
from sensor.attribution.values import Attributed, Status
from sensor.decap.unwrap import Leftover, unwrap
from sensor.dns.message import Message
from sensor.endpoint.events import Asked, Connected, Ended, Started
from sensor.frame import Frame
from sensor.lookups import Lookup
from sensor.packet import Packet
from sensor.pipeline import Pipeline, Sighted
from sensor.rules.verdict import Verdict
from sensor.stage import END, Nanoseconds, Stage
from sensor.transactions import Outcome, Transaction
from tests.worlds import ADDRESSES, COMPUTERS, Scene, drawn, river, scenes, world

AnyStage: TypeAlias = Stage[Any, Any]

BOUNDED: Final = settings(max_examples=80, deadline=None)
STAGES: Final = ("doubles", "transactions", "lookups", "attribution", "judge", "alerts")


class _Recorder:
    """Stands in a river for a stage, and notes what it is given."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.items: list[Any] = []

    def __call__(self, items: Iterable[Any], now: Nanoseconds) -> Iterator[Any]:
        return iter(list(self.stage(self._noted(items), now)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stage, name)

    def _noted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.items.append(item)
            yield item


def given_to(played: list[Scene], **of: Any) -> dict[str, list[Any]]:
    """What each stage is given, and under `river` what the river gives, when scenes are played."""
    whole = river(**of)
    recorders = {name: _Recorder(getattr(whole, f"_{name}")) for name in STAGES}
    for name, recorder in recorders.items():
        setattr(whole, f"_{name}", recorder)
    told = list(whole([item for _, item in world(played)], END))
    return {**{name: recorder.items for name, recorder in recorders.items()}, "river": told}


def fresh(name: str, **of: Any) -> AnyStage:
    """A stage as it stands in a new river, or the river itself."""
    whole = river(**of)
    stage: AnyStage = whole if name == "river" else getattr(whole, f"_{name}")
    return stage


def items_of(name: str, played: list[Scene], **of: Any) -> list[Any]:
    """What the stage is given when these scenes are played."""
    if name == "river":
        return [item for _, item in world(played)]
    return given_to(played, **of)[name]


def host_of(value: Any) -> int:
    """Whose value it is: the first host's or the second's, by its client or its computer."""
    if isinstance(value, Frame):
        packet = unwrap(value)
        assert isinstance(packet, Packet)
        return host_of(packet)
    if isinstance(value, Message | Packet):
        return ADDRESSES.index(value.src if value.src in ADDRESSES else value.dst)
    if isinstance(value, Transaction):
        return ADDRESSES.index(value.client[0])
    if isinstance(value, Lookup):
        return ADDRESSES.index(value.client_ip)
    if isinstance(value, Attributed | Verdict):
        of = value.lookup or value.event
        assert of is not None
        return host_of(of)
    return COMPUTERS.index(value.computer)


# --- cut and freeze ----------------------------------------------------------------------------

WAYS: Final = ("none", "behind", "same", "deadline", "between", "next")


def _tick(stage: AnyStage, way: str, reached: Nanoseconds, following: Nanoseconds) -> Nanoseconds:
    """A `now` that the next item does not make wrong: not past its time, if that is ahead."""
    latest = max(reached, following)
    return {
        "none": reached,
        "behind": max(0, reached - 1_000_000_000),
        "same": reached,
        "deadline": min(max(stage.deadline(), reached), latest),
        "between": (reached + latest) // 2,
        "next": latest,
    }[way]


def _in_pieces(
    stage: AnyStage, items: list[Any], plan: Iterator[tuple[int, str, bool]]
) -> list[Any]:
    """Hand the items over in batches, with ticks after each, frozen and thawed where planned."""
    told = []
    position, reached = 0, 0
    while position < len(items):
        size, way, is_frozen = next(plan)
        batch = items[position : position + size]
        position += size
        now = max((item.at for item in batch), default=0)
        reached = max(reached, now)
        told += list(stage(batch, now))
        if is_frozen:
            stage = pickle.loads(pickle.dumps(stage))  # noqa: S301
        if way != "none":
            following = items[position].at if position < len(items) else reached
            reached = _tick(stage, way, reached, following)
            told += list(stage([], reached))
            reached = max(reached, now)
    return told + list(stage([], END))


def plans(*, freezing: bool) -> st.SearchStrategy[list[tuple[int, str, bool]]]:
    """How to cut: so many items, then such a tick, and whether to freeze between."""
    return st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 2, 5, 0]),
            st.sampled_from(WAYS),
            st.just(True) if freezing else st.just(False),
        ),
        min_size=1,
        max_size=12,
    ).filter(lambda plan: any(size for size, _, _ in plan))


def _forever(plan: list[tuple[int, str, bool]]) -> Iterator[tuple[int, str, bool]]:
    while True:
        yield from plan


@pytest.mark.parametrize("name", [*STAGES, "river"])
@BOUNDED
@given(scenes(), plans(freezing=False), st.booleans())
def test_cut_anywhere(
    name: str, played: list[Scene], plan: list[tuple[int, str, bool]], hosts: bool
) -> None:
    """
    Item by item, in batches, with empty ones and ticks at any time between: the output is that
    of one big batch.
    """
    items = items_of(name, played, hosts=hosts)

    whole = list(fresh(name, hosts=hosts)(items, END))
    pieces = _in_pieces(fresh(name, hosts=hosts), items, _forever(plan))

    assert whole == pieces


@pytest.mark.parametrize("name", [*STAGES, "river"])
@BOUNDED
@given(scenes(), plans(freezing=True))
def test_freeze_anywhere(name: str, played: list[Scene], plan: list[tuple[int, str, bool]]) -> None:
    """
    A stage pickled and thawed between any two items goes on as if nothing had been.
    """
    items = items_of(name, played)

    whole = list(fresh(name)(items, END))
    pieces = _in_pieces(fresh(name), items, _forever(plan))

    assert whole == pieces


# --- split -------------------------------------------------------------------------------------


def _encoded(values: Iterable[Any]) -> Counter[bytes]:
    return Counter(pickle.dumps(msgspec.msgpack.encode(value)) for value in values)


@pytest.mark.parametrize("name", [*STAGES, "river"])
@BOUNDED
@given(scenes(between=False))
def test_split_by_key(name: str, played: list[Scene]) -> None:
    """
    Two copies, each given one key's items and every tick of the common time, tell together what
    one stage tells, and in order of time. (A client is one of two here, and so is a host.)
    """
    assert fresh(name).key in ("client", "host")
    items = items_of(name, played)
    copies = [fresh(name), fresh(name)]
    told = []
    now = 0

    whole = list(fresh(name)(items, END))
    for item in items:
        now = max(now, item.at)
        for host, each in enumerate(copies):
            told += list(each([], now))
            told += list(each([item] if host_of(item) == host else [], now))
    for each in copies:
        told += list(each([], END))

    assert _encoded(whole) == _encoded(told)


# --- ship --------------------------------------------------------------------------------------

_EVENTS: Final = (Asked, Connected, Ended, Started)


@functools.cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


def ships(value: Any) -> None:
    """A value comes back from MessagePack, JSON and pickle as it was."""
    kind: Any = type(value)
    if isinstance(value, _EVENTS):
        kind = Asked | Connected | Ended | Started
    octets = msgspec.msgpack.encode(value)
    assert value == _decoder(kind).decode(octets)
    assert octets == msgspec.msgpack.encode(_decoder(kind).decode(octets))
    assert value == msgspec.json.decode(msgspec.json.encode(value), type=kind)
    assert value == pickle.loads(pickle.dumps(value))  # noqa: S301
    assert value == copy.deepcopy(value)


@BOUNDED
@given(scenes(), st.booleans())
def test_ship_any_value(played: list[Scene], feed: bool) -> None:
    """
    Whatever goes over a bridge can go over a wire: frames and packets, messages, transactions,
    lookups, events, attributions, verdicts, alerts, anomalies.
    """
    bridges = given_to(played, feed=feed)
    frames = [item for _, item in world(played) if isinstance(item, Frame)]
    cut = [Frame(each.at, each.data[:30], each.link, each.length) for each in frames]

    for value in [*frames, *map(unwrap, frames), *map(unwrap, cut)]:
        ships(value)
    for values in bridges.values():
        for value in values:
            ships(value)


@pytest.mark.parametrize("kind", [Message, Packet, Leftover])
def test_anomaly_ships_wherever_it_was_met(kind: type) -> None:
    """
    In a message, in a packet that carries none, or in a frame that gave no packet.
    """
    frames = [item for _, item in world(drawn(0)) if isinstance(item, Frame)]
    whole = unwrap(frames[0])
    assert isinstance(whole, Packet)
    found: dict[type, Any] = {
        Packet: whole,
        Leftover: unwrap(Frame(5, b"", 1, 0)),
        Message: next(value for value in given_to(drawn(0))["doubles"]),
    }
    assert isinstance(found[kind], kind)

    ships(Sighted(5, Anomaly.FRAGMENT, found[kind]))


# --- the river is one stage ----------------------------------------------------------------------


@BOUNDED
@given(scenes(), st.booleans())
def test_taps_change_nothing(played: list[Scene], feed: bool) -> None:
    """
    What is handed out beside the alerts, and all that has to be followed for it, changes none.
    """
    items = [item for _, item in world(played)]

    tapped = [v for v in river(feed=feed)(items, END) if isinstance(v, Alert | Verdict)]

    alone = list(river(feed=feed, taps=frozenset())(items, END))
    verdicts = list(river(feed=feed, taps=frozenset({"verdicts"}))(items, END))
    assert [value for value in tapped if isinstance(value, Alert)] == alone
    assert tapped == verdicts


@BOUNDED
@given(scenes())
def test_what_a_river_is_woken_for_is_enough(played: list[Scene]) -> None:
    """
    Live, each frame comes by itself, and between them the river is woken at its own deadlines
    only: that tells the same, each value at the time it falls due.
    """
    items = [item for _, item in world(played)]
    live = river()
    told: list[Any] = []
    now = 0

    for item in items:
        while live.deadline() <= item.at and live.deadline() > now:
            now = live.deadline()
            told += list(live([], now))
        now = max(now, item.at)
        told += list(live([item], now))
        assert live.deadline() > now
    told += list(live([], END))

    assert list(river()(items, END)) == told
    created = [value.created for value in told if isinstance(value, Alert)]
    assert sorted(created) == created


def test_nothing_is_left_at_the_end() -> None:
    """
    At END everything held leaves: no stage waits for anything more.
    """
    for seed in range(20):
        whole = river()
        list(whole([item for _, item in world(drawn(seed))], END))

        assert END == whole.deadline()


# --- do these worlds hold what matters? ----------------------------------------------------------


def test_worlds_are_full_of_what_matters() -> None:
    """
    Of three hundred worlds, each interesting outcome happens in a good share, or the promises
    above promise little.
    """
    seen: Counter[str] = Counter()
    for seed in range(300):
        bridges = given_to(drawn(seed), hosts=seed % 2 == 0, feed=seed % 10 > 0)
        seen.update(_notes(bridges))

    assert {} == {
        what: seen[what]
        for what in (
            *(f"status {status.value}" for status in Status),
            *(f"transaction {outcome.value}" for outcome in Outcome),
            *(f"lookup {outcome}" for outcome in ("answered", "unanswered", "response_only")),
            *(f"alert {state}" for state in ("attributed", "endpoint_only", "masquerade")),
            *(f"alert {state}" for state in ("retracted", "unattributed")),
            "alert awaiting_attribution",
            "alert revised",
            "double",
            "several types",
            "by answer",
            "repeat",
            "exempt",
            "late event",
            "time goes back",
            "equal times",
            "follow-on",
            "flow",
        )
        if seen[what] < 6
    }, seen


def _notes(bridges: dict[str, list[Any]]) -> set[str]:
    """Note what happens in a world."""
    notes: set[str] = set()
    now = 0
    for name in ("doubles", "attribution"):
        for item in bridges[name]:
            if item.at < now:
                notes.add("time goes back" if name == "doubles" else "late event")
            notes.add("equal times" if item.at == now else "")
            now = max(now, item.at)
        now = 0
    for message in bridges["transactions"]:
        notes.add("double" if Anomaly.MIRRORED_DUPLICATE in message.anomalies else "")
    for transaction in bridges["lookups"]:
        notes.add(f"transaction {transaction.outcome.value}")
        notes.add("repeat" if transaction.queries > 1 else "")
    for lookup in bridges["attribution"]:
        if isinstance(lookup, Lookup):
            notes.add(f"lookup {lookup.outcome}")
            notes.add("several types" if len(lookup.qtypes) > 1 else "")
            notes.add("by answer" if lookup.matches[0].role == "cname" else "")
    for attributed in bridges["judge"]:
        notes.add(f"status {attributed.status.value}")
        notes.add("follow-on" if attributed.follow_ons else "")
        notes.add("flow" if any("flow" in fit.basis for fit in attributed.fits) else "")
    for verdict in bridges["alerts"]:
        notes.add("exempt" if verdict.is_exempt else "")
    for alert in bridges["river"]:
        if isinstance(alert, Alert):
            notes.add(f"alert {alert.state}")
            notes.add("alert revised" if alert.revision else "")
    return notes


def test_river_is_a_stage() -> None:
    """
    It has what a stage has.
    """
    whole: Stage[Any, Any] = river()

    assert isinstance(whole, Pipeline)
    assert END == whole.deadline()
