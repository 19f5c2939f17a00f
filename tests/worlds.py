"""Small worlds full of what matters: two workstations, one resolver, few names, ids and ports.

A world is a list of scenes, each a few packets and process events at one place in time. Lists of
plain tuples make scenes, so hypothesis shrinks them and a seeded `random` draws them alike.
"""

import random
import struct
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from hypothesis import strategies as st

from sensor import alerts, pipeline
from sensor.attribution import attribute
from sensor.dns.message import Message, Record
from sensor.endpoint.events import Asked, Connected, Ended, ProcessEvent, Started
from sensor.endpoint.hosts import Configured
from sensor.frame import Frame
from sensor.rules.rule import Exempt, Genuine, Rule
from sensor.stage import MILLISECOND, MINUTE, SECOND, Nanoseconds
from tests.dns.messages import question, wire_name
from tests.dns.messages import record as record_octets
from tests.traffic import INNOCENT, NAME, SERVER, at, query, record, response

E = TypeVar("E", bound=ProcessEvent)

Item: TypeAlias = Frame | ProcessEvent
Scene: TypeAlias = tuple[str, float, int, int, float]
"""What happens, how long after the scene before, on which host, by which slot, and how late its
events come."""

ADDRESSES: Final = ("10.20.30.41", "10.20.30.42")
COMPUTERS: Final = ("fin-ws-0231.corp.example", "fin-ws-0232.corp.example")
ANSWER: Final = "149.154.167.220"
OTHER: Final = "else.example"
BOT: Final = r"C:\Users\ann\AppData\Local\Temp\bot.exe"
GENUINE: Final = r"C:\Users\ann\AppData\Roaming\Telegram Desktop\Telegram.exe"
SERVICE: Final = r"C:\Windows\System32\svchost.exe"
CONTROLLER: Final = r"C:\Windows\System32\dns.exe"

RULE: Final = Rule(
    id="telegram-bot-api",
    names=(NAME,),
    exempt=(Exempt("telegram.exe"),),
    genuine=Genuine(("telegram.exe",), ("Telegram FZ-LLC",)),
)
EVERYTHING: Final = frozenset({"messages", "transactions", "verdicts", "anomalies"})


def river(
    *,
    taps: frozenset[str] = EVERYTHING,
    feed: bool = True,
    hosts: bool = True,
    ports: frozenset[int] = frozenset({53}),
) -> pipeline.Pipeline:
    """The whole river, with short times, so that a world of some minutes sees them all."""
    return pipeline.Pipeline(
        pipeline.Settings(
            rules=(RULE,),
            attribution=attribute.Settings(feed=feed, stale=2 * MINUTE),
            alerts=alerts.Settings(
                hold=15 * SECOND if feed else 0, quiet_for=5 * MINUTE, update_every=20 * SECOND
            ),
            hosts=tuple(
                Configured(computer, (address,))
                for computer, address in zip(COMPUTERS, ADDRESSES, strict=True)
            )
            if hosts
            else (),
            ports=ports,
            taps=taps,
        )
    )


# --- frames ----------------------------------------------------------------------------------


def frame(message: Message) -> Frame:
    """The frame that carries a message of `tests.traffic`."""
    return datagram(
        message.at,
        (message.src, message.sport),
        (message.dst, message.dport),
        octets(message),
        identification=message.identification or 0,
    )


def datagram(
    time: Nanoseconds,
    src: tuple[str, int],
    dst: tuple[str, int],
    payload: bytes,
    *,
    identification: int = 0,
) -> Frame:
    """UDP in IPv4 over Ethernet."""
    udp = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0) + payload
    fields = (0x45, 0, 20 + len(udp), identification, 0, 64, 17, 0)
    addresses = IPv4Address(src[0]).packed + IPv4Address(dst[0]).packed
    data = bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH", *fields) + addresses + udp
    return Frame(at=time, data=data, link=1, length=len(data), interface="span0")


_TYPES: Final[Mapping[str, int]] = {"A": 1, "CNAME": 5, "AAAA": 28}
_OPCODES: Final[Mapping[str, int]] = {"QUERY": 0, "NOTIFY": 4}


def octets(message: Message) -> bytes:
    """A message of plain names, and of A, AAAA and CNAME records, on the wire."""
    dns = message.dns
    flags = 0x8180 if dns.qr else 0x0100
    flags |= _OPCODES[dns.opcode] << 11 | (3 if dns.rcode == "NXDOMAIN" else 0)
    head = struct.pack("!6H", dns.id, flags, len(dns.questions), len(dns.answers), 0, 0)
    asked = (question(_wire(q.wire_name or q.qname), qtype=_TYPES[q.qtype]) for q in dns.questions)
    return head + b"".join(asked) + b"".join(_record(each) for each in dns.answers)


def _record(each: Record) -> bytes:
    rdata = IPv4Address(each.rdata).packed if each.type == "A" else _wire(each.rdata)
    return record_octets(_wire(each.name), _TYPES[each.type], rdata, ttl=each.ttl)


def _wire(name: str) -> bytes:
    return wire_name(*name.encode().split(b"."))


# --- process events --------------------------------------------------------------------------


class _Made:
    """Makes the events of one scene: one host, one process a slot and image."""

    def __init__(self, when: float, host: int, slot: int, record_id: int) -> None:
        self.when = when
        self.host = host
        self.slot = slot
        self.record_id = record_id

    def of(self, kind: type[E], after: float, image: str, **more: Any) -> E:
        self.record_id += 1
        number = self.slot * 8 + len(image) % 8
        time = at(self.when + after)
        return kind(
            at=time,
            computer=COMPUTERS[self.host],
            channel="Microsoft-Windows-Sysmon/Operational",
            record_id=self.record_id,
            record_time=time,
            utc_time=time,
            guid=f"{{3cfdee80-2f7d-605b-f50a-{number:012x}}}" if self.slot else None,
            pid=1000 + number,
            image=image,
            user="CORP\\ann",
            **more,
        )

    def asked(self, after: float, image: str, name: str = NAME, status: int = 0) -> Asked:
        results = (ANSWER,) if status == 0 else ()
        text = ";".join(f"::ffff:{each}" for each in results)
        return self.of(
            Asked,
            after,
            image,
            query_name=name,
            rooted=False,
            query_status=status,
            query_results=text,
            results=results,
        )

    def started(self, after: float, image: str, original: str) -> Started:
        return self.of(Started, after, image, original_file_name=original, company=None)

    def connected(self, after: float, image: str, to: str, port: int) -> Connected:
        return self.of(
            Connected,
            after,
            image,
            transport="udp" if port == 53 else "tcp",
            initiated=True,
            source_ip=ADDRESSES[self.host],
            source_port=50000 + self.slot,
            destination_ip=to,
            destination_port=port,
        )


# --- scenes ----------------------------------------------------------------------------------

Things: TypeAlias = list[Message | ProcessEvent]


def _exchange(made: _Made, after: float = 0, **of: str) -> Things:
    key = {"client": ADDRESSES[made.host], "port": 50000 + made.slot, "ident": made.slot, **of}
    found = (record(),) if of.get("qtype", "A") == "A" else ()
    when = made.when + after
    return [query(when, **key), response(when + 0.02, *found, **key)]  # type: ignore[arg-type]


def _asked_by(image: str) -> Callable[[_Made], Things]:
    return lambda made: [*_exchange(made), made.asked(0.5, image)]


def _doubled(made: _Made) -> Things:
    once, twice = _exchange(made), _exchange(made)
    return [each for pair in zip(once, twice, strict=True) for each in pair]


def _serves(made: _Made) -> Things:
    """The other host asks this one."""
    other = _Made(made.when, 1 - made.host, made.slot, 0)
    return _exchange(other, server=ADDRESSES[made.host])


def _is_impostor(made: _Made) -> Things:
    return [
        *_exchange(made),
        made.started(0.1, GENUINE, "bot.exe"),
        made.asked(0.5, GENUINE),
    ]


def _by_answer(made: _Made) -> Things:
    asked, answered = _exchange(made, qname=INNOCENT)
    assert isinstance(answered, Message)
    followed = (record(INNOCENT, "CNAME", NAME), record())
    dns = msgspec.structs.replace(answered.dns, answers=followed)
    return [asked, msgspec.structs.replace(answered, dns=dns, digest=b"by answer")]


def _repeated(made: _Made) -> Things:
    first, second = _exchange(made), _exchange(made, 1)
    return [first[0], second[0], second[1], *_exchange(made, 1.1)[1:]]


# Those of one host alone …
SCENES: Final[Mapping[str, Callable[[_Made], Things]]] = {
    "exchange": _exchange,
    "both types": lambda made: [*_exchange(made), *_exchange(made, 0.001, qtype="AAAA")],
    "query": lambda made: _exchange(made)[:1],
    "answer": lambda made: _exchange(made)[1:],
    "late answer": lambda made: [_exchange(made)[0], _exchange(made, 20)[1]],
    "repeat": _repeated,
    "double": _doubled,
    "swapped": lambda made: _exchange(made)[::-1],
    "another name": lambda made: _exchange(made, qname=OTHER),
    "by answer": _by_answer,
    "notify": lambda made: _exchange(made, opcode="NOTIFY"),
    "bot": _asked_by(BOT),
    "telegram": _asked_by(GENUINE),
    "unknown": _asked_by("<unknown process>"),
    "impostor": _is_impostor,
    "timed out": lambda made: [*_exchange(made)[:1], made.asked(12, BOT, status=1460)],
    "cached": lambda made: [made.asked(0.5, BOT)],
    "cached telegram": lambda made: [made.asked(0.5, GENUINE)],
    "own resolver": lambda made: [*_exchange(made), made.connected(1, BOT, SERVER, 53)],
    "service": lambda made: [*_exchange(made), made.connected(1, SERVICE, SERVER, 53)],
    "follow-on": lambda made: [*_asked_by(BOT)(made), made.connected(1, BOT, ANSWER, 443)],
    "something else": lambda made: [made.asked(0, BOT, OTHER)],
    "started": lambda made: [made.started(0, BOT, "bot.exe")],
    "ended": lambda made: [made.of(Ended, 0, BOT)],
}
# … and those by which hosts bear on each other.
BETWEEN: Final[Mapping[str, Callable[[_Made], Things]]] = {
    "serves": _serves,
    "controller": lambda made: [*_exchange(made), made.connected(1, CONTROLLER, SERVER, 53)],
}

GAPS: Final = (0.0, 0.0, 0.01, 0.3, 1.0, 1.9, 2.1, 5.0, 14.0, 40.0, 200.0)
BACK: Final = (-3.0, -0.2)
LATE: Final = (0.0, 0.0, 0.0, 3.0, 20.0, 200.0)


def scenes(*, between: bool = True, most: int = 14) -> st.SearchStrategy[list[Scene]]:
    """Lists of scenes; without `between` each host stands for itself."""
    kinds = [*SCENES, *(BETWEEN if between else ())]
    return st.lists(
        st.tuples(
            st.sampled_from(kinds),
            st.sampled_from(GAPS + BACK),
            st.integers(0, 1),
            st.integers(0, 2),
            st.sampled_from(LATE),
        ),
        min_size=1,
        max_size=most,
    )


def drawn(seed: int, *, most: int = 14) -> list[Scene]:
    """The same, drawn by a seed."""
    chance = random.Random(seed)
    kinds = [*SCENES, *BETWEEN]
    return [
        (
            chance.choice(kinds),
            chance.choice(GAPS + BACK),
            chance.randrange(2),
            chance.randrange(3),
            chance.choice(LATE),
        )
        for _ in range(chance.randint(1, most))
    ]


def world(played: list[Scene]) -> list[tuple[int, Item]]:
    """Play the scenes: each item with its host, in the order in which they come.

    Packets of a scene keep their order, even where their times go back; events come as late as
    the scene says.
    """
    when = 0.0
    coming: list[tuple[Nanoseconds, int, int, Item]] = []
    for number, (what, gap, host, slot, late) in enumerate(played):
        when = max(0.0, when + gap)
        made = _Made(when, host, slot, number * 10)
        now = 0
        for thing in {**SCENES, **BETWEEN}[what](made):
            item: Item = frame(thing) if isinstance(thing, Message) else thing
            if isinstance(item, Frame):
                arrival = now = max(now, item.at)
            else:
                arrival = item.at + round(late * 1000) * MILLISECOND
            coming.append((arrival + _shift(gap), len(coming), host, item))
    return [(host, item) for _, _, host, item in sorted(coming, key=lambda each: each[:2])]


def _shift(gap: float) -> Nanoseconds:
    """A scene that goes back in time is captured where it stands."""
    return round(max(0.0, -gap) * 1000) * MILLISECOND
