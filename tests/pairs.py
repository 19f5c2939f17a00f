"""Who asked for what in a capture and its Sysmon log, worked out without the sensor.

The packets are read with dpkt and dnspython, the events come from the truth file that lies beside
each pair (record times corrected there). What is computed is what DESIGN's words say, in the
plainest way: transactions, lookups, whose address it is, and which event fits.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

import dns.exception
import dns.message
import dns.rdatatype
import dpkt

PROMPT: Final = (-2.0, 10.0)
PATIENT: Final = (-10.0, 30.0)
TIMED_OUT: Final = {"1460", "9002"}
NOBODY: Final = "{00000000-0000-0000-0000-000000000000}"


class Heard(NamedTuple):
    """One DNS message; `at` is epoch seconds as they stand in the capture."""

    at: float
    client: tuple[str, int]
    server: tuple[str, int]
    id: int
    response: bool
    qname: str
    qtype: str
    identification: int


class Exchange(NamedTuple):
    """A query with its repeats and responses, in order; either may be missing."""

    messages: list[Heard]

    @property
    def answered(self) -> bool:
        return any(each.response for each in self.messages)

    @property
    def last_query(self) -> float:
        return max((each.at for each in self.messages if not each.response), default=-1.0)

    @property
    def complete(self) -> float:
        """When its first answer came; without one, its last packet."""
        answers = [each.at for each in self.messages if each.response]
        return min(answers) if answers else self.last_query


class Wish(NamedTuple):
    """One lookup: the exchanges of a client for a name that belong together."""

    exchanges: list[Exchange]

    @property
    def messages(self) -> list[Heard]:
        return [message for each in self.exchanges for message in each.messages]

    @property
    def client(self) -> str:
        return self.exchanges[0].messages[0].client[0]

    @property
    def qname(self) -> str:
        return self.exchanges[0].messages[0].qname

    @property
    def first(self) -> float:
        return min(message.at for message in self.messages)

    @property
    def last(self) -> set[float]:
        """The times that may count as its last packet's.

        A second answer to a repeated query comes when the asker has what it wanted. DESIGN does
        not say whether it is the lookup's last packet, so each from the first answer on may be.
        """
        complete = max(each.complete for each in self.exchanges)
        return {message.at for message in self.messages if message.at >= complete}

    @property
    def answered(self) -> bool:
        return any(each.answered for each in self.exchanges)


class Event(NamedTuple):
    """An event 22: when it was recorded, where, by what process, for what name, to what end."""

    at: float
    computer: str
    process: str
    qname: str
    rooted: bool
    status: str


class Pair:
    """One pair, read."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.captures = [p for p in sorted(folder.iterdir()) if p.suffix in (".cap", ".pcapng")]
        self.log = folder / "sysmon_1_3_5_22.subset.jsonl"
        truth = json.loads((folder / "truth_event22_vs_wire.json").read_text())
        self.told = truth["event22"]
        self.offset = truth["log_time_zone_offset_s"]
        self.events = [_event(each) for each in self.told]
        self.owners = _owners(truth["host_ips_from_event3"])
        self.seen = sorted(_heard(self.captures), key=lambda message: message.at)
        self.messages = _without_doubles(self.seen)
        self.wishes = _wishes(_exchanges(self.messages))
        self.until: dict[str, float] = {}
        self.servers: set[str] = set()
        self._read_log()

    def _read_log(self) -> None:
        """Learn from the log how far each computer's events go, and who runs a DNS server."""
        for line in self.log.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            computer = record["Hostname"].lower()
            at = _seconds(record.get("EventTime") or record["TimeCreated"]) - self.offset
            self.until[computer] = max(at, self.until.get(computer, at))
            if (
                record["EventID"] == 3
                and str(record["DestinationPort"]) == "53"
                and record["Image"].lower().endswith("\\dns.exe")
            ):
                self.servers.add(record["SourceIp"])

    def stands_behind(self, wish: Wish) -> bool:
        """Say whether the client resolves for others, so that the asker stands behind it."""
        serves = {other.server[0] for other in self.messages if other.qname == wish.qname}
        return wish.client in self.servers or wish.client in serves

    def askers(self, wish: Wish, last: float) -> set[str]:
        """List the processes that, by name, host and time, may have made this lookup."""
        computers = self.owners.get(wish.client, set())
        return {
            event.process
            for event in self.events
            if event.computer in computers and _fits(wish, last, event)
        }

    def status_without_asker(self, wish: Wish, last: float) -> str:
        """Say what the status is when nobody asked."""
        computers = self.owners.get(wish.client, set())
        if not computers:
            return "host_unknown"
        (computer,) = computers
        if computer not in {event.computer for event in self.events}:
            return "host_not_covered"
        after = (PROMPT if wish.answered else PATIENT)[1]
        return "covered_but_silent" if self.until[computer] > last + after else "feed_stale"


def process(guid: str | None, pid: object) -> str:
    """Name a process by its guid; without one by its number, which is unique in these logs."""
    return f"pid {pid}" if guid is None or guid.lower() == NOBODY else guid.lower()


def _fits(wish: Wish, last: float, event: Event) -> bool:
    suffixed = not event.rooted and wish.qname.startswith(event.qname + ".")
    if wish.qname != event.qname and not suffixed:
        return False
    patient = event.status in TIMED_OUT or not wish.answered
    before, after = PATIENT if patient else PROMPT
    return last + before <= event.at <= last + after


def _event(told: dict[str, Any]) -> Event:
    name = told["QueryName"].lower()
    return Event(
        at=told["record_time_utc_corrected"],
        computer=told["Hostname"].lower(),
        process=process(told["ProcessGuid"], told["ProcessId"]),
        qname=name.rstrip("."),
        rooted=name.endswith("."),
        status=told["QueryStatus"],
    )


def _owners(hosts: dict[str, list[tuple[str, int]]]) -> dict[str, set[str]]:
    owners: dict[str, set[str]] = {}
    for computer, addresses in hosts.items():
        for text, _ in addresses:
            address = ip_address(text)
            if not address.is_loopback and not address.is_link_local:
                owners.setdefault(str(address), set()).add(computer.lower())
    return owners


def _heard(captures: list[Path]) -> Iterator[Heard]:
    for capture in captures:
        with capture.open("rb") as file:
            try:
                for at, data in dpkt.pcap.UniversalReader(file):
                    yield from _message(float(at), data)
            except dpkt.dpkt.NeedData:
                continue  # one of the captures is cut


def _message(at: float, data: bytes) -> Iterator[Heard]:
    try:
        network = dpkt.ethernet.Ethernet(data).data
        datagram = network.data
        ports = (datagram.sport, datagram.dport)
        if not isinstance(datagram, dpkt.udp.UDP) or 53 not in ports:
            return
        said = dns.message.from_wire(datagram.data, ignore_trailing=True)
    except (AttributeError, dpkt.dpkt.UnpackError, dns.exception.DNSException):
        return
    source = (str(ip_address(network.src)), datagram.sport)
    destination = (str(ip_address(network.dst)), datagram.dport)
    response = bool(said.flags & dns.flags.QR)
    client, server = (destination, source) if response else (source, destination)
    asked = said.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(asked.rdtype)
    identification = getattr(network, "id", -1)  # IPv6 has none
    yield Heard(at, client, server, said.id, response, name, kind, identification)


def _without_doubles(messages: list[Heard]) -> list[Heard]:
    """Leave out the second view of a packet that two captures show."""
    kept: list[Heard] = []
    for message in messages:
        near = (other for other in reversed(kept) if message.at - other.at <= 0.1)
        if not any(message[1:] == other[1:] for other in near):
            kept.append(message)
    return kept


def _exchanges(messages: list[Heard]) -> list[Exchange]:
    """Pair queries and responses; a repeat belongs to its query until it is answered, or 15 s."""
    found: list[Exchange] = []
    open_: dict[tuple[object, ...], Exchange] = {}
    for message in messages:
        key = (message.client, message.server, message.id, message.qname, message.qtype)
        held = open_.get(key)
        continues = (
            held is not None
            and (message.response or not held.answered)
            and message.at - held.last_query <= 15
        )
        if held is None or not continues:
            held = open_[key] = Exchange([])
            found.append(held)
        held.messages.append(message)
    return found


def _wishes(exchanges: list[Exchange]) -> list[Wish]:
    """Join what a client asks for one name within 2 s, but not a type that has its answer."""
    found: list[Wish] = []
    current: dict[tuple[str, str], Wish] = {}
    for exchange in exchanges:
        began = exchange.messages[0]
        key = (began.client[0], began.qname)
        held = current.get(key)
        joins = held is not None and (
            began.at - held.exchanges[-1].messages[0].at <= 2
            and not any(
                other.answered and other.complete < began.at
                for other in held.exchanges
                if other.messages[0].qtype == began.qtype
            )
        )
        if held is None or not joins:
            held = current[key] = Wish([])
            found.append(held)
        held.exchanges.append(exchange)
    return found


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
