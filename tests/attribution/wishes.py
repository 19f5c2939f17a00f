"""Lookups and process events in few words; times are in seconds after START, to the nanosecond."""

from decimal import Decimal
from typing import Final

from sensor.attribution.attribute import Attribution, Settings
from sensor.attribution.values import Attributed
from sensor.dns.message import Record
from sensor.endpoint.events import Asked, Connected, Ended, ProcessEvent, Started
from sensor.endpoint.hosts import Configured, Hosts
from sensor.lookups import Flow, Lookup
from sensor.rules.rule import Exempt, Genuine, Rule
from sensor.stage import END, SECOND, Nanoseconds
from sensor.watch import Match, Watch

Seconds = int | float | str

START: Final = 1_795_516_800 * SECOND
NAME: Final = "api.telegram.org"
IP: Final = "149.154.166.110"
CLIENT: Final = "10.20.30.41"
SERVER: Final = "10.20.0.53"
HOST: Final = "fin-ws-0231.corp.example"
OTHER_HOST: Final = "fin-ws-0232.corp.example"
CHANNEL: Final = "Microsoft-Windows-Sysmon/Operational"
BOT: Final = r"C:\Users\ann\AppData\Local\bot\bot.exe"
GENUINE: Final = r"C:\Users\ann\AppData\Roaming\Telegram Desktop\Telegram.exe"
SVCHOST: Final = r"C:\Windows\System32\svchost.exe"
DNS_SERVER: Final = r"C:\Windows\System32\dns.exe"

RULE: Final = Rule(
    id="telegram-bot-api",
    names=(NAME,),
    exempt=(Exempt(process_name="telegram.exe"),),
    genuine=Genuine(original_file_name=("telegram.exe",), company=("Telegram FZ-LLC",)),
)
WATCH: Final = Watch([(RULE.id, NAME)])
MATCH: Final = Match(RULE.id, NAME, "qname")
CONFIGURED: Final = (
    Configured(HOST, (f"{CLIENT}/32",)),
    Configured(OTHER_HOST, ("10.20.30.42/32",)),
)


def at(seconds: Seconds) -> Nanoseconds:
    """Tell a moment exactly, where it is given as text or as a whole number."""
    return START + int(Decimal(str(seconds)) * SECOND)


def guid(number: int) -> str:
    return f"{{e56ada26-3766-65f2-0000-{number:012d}}}"


def flow(
    client: str = CLIENT, port: int = 50_000, server: str = SERVER, transport: str = "udp"
) -> Flow:
    return Flow(client, port, server, 53, transport)


def lookup(
    first: Seconds = 0,
    last: Seconds | None = None,
    *,
    client: str = CLIENT,
    port: int = 50_000,
    server: str = SERVER,
    qname: str = NAME,
    outcome: str = "answered",
    rcode: str | None = "NOERROR",
    ips: tuple[str, ...] = (IP,),
    target: str | None = None,
    seen: Seconds | None = None,
    closed: bool = False,
    matches: tuple[Match, ...] = (MATCH,),
    nth: int = 0,
) -> Lookup:
    """One lookup; its last packet comes 20 ms after the first unless told otherwise."""
    began = at(first)
    ended = began + SECOND // 50 if last is None else at(last)
    answered = outcome != "unanswered"
    answers = [Record(qname, "A" if ":" not in ip else "AAAA", "IN", 60, ip) for ip in ips]
    if target is not None:
        answers.insert(0, Record(qname, "CNAME", "IN", 60, target, target))
    return Lookup(
        at=ended if seen is None else at(seen),
        identity=(client, qname, "qname", began, nth),
        first=began,
        last=ended,
        flows=(flow(client, port, server),),
        qname=qname,
        wire_name=qname,
        qtypes=("A",),
        qclass="IN",
        outcome=outcome,
        matches=matches,
        rcode=rcode if answered else None,
        answers=tuple(answers) if answered else (),
        closed=closed,
    )


def asked(
    when: Seconds = "0.5",
    *,
    computer: str = HOST,
    image: str = BOT,
    process: int | None = 1,
    pid: int | None = 7312,
    name: str = NAME,
    rooted: bool = False,
    status: int | None = 0,
    results: tuple[str, ...] = (IP,),
    names: tuple[str, ...] = (),
    record_id: int | None = 100,
    addresses: tuple[str, ...] = (),
) -> Asked:
    """One event 22."""
    return Asked(
        at=at(when),
        computer=computer,
        channel=CHANNEL,
        record_id=record_id,
        record_time=at(when),
        utc_time=None,
        guid=None if process is None else guid(process),
        pid=pid,
        image=image,
        user=r"CORP\ann",
        addresses=addresses,
        query_name=name,
        rooted=rooted,
        query_status=status,
        query_results="".join(f"::ffff:{ip};" for ip in results) or "-",
        results=results,
        names=names,
    )


def connected(
    when: Seconds,
    *,
    computer: str = HOST,
    image: str = BOT,
    process: int = 1,
    source: str = CLIENT,
    port: int = 50_000,
    to: str = IP,
    to_port: int = 443,
    initiated: bool = True,
    transport: str = "tcp",
) -> Connected:
    """One event 3."""
    return Connected(
        at=at(when),
        computer=computer,
        channel=CHANNEL,
        record_id=None,
        record_time=at(when),
        utc_time=None,
        guid=guid(process),
        pid=7312,
        image=image,
        transport=transport,
        initiated=initiated,
        source_ip=source,
        source_port=port,
        destination_ip=to,
        destination_port=to_port,
    )


def queried(
    when: Seconds, *, image: str = BOT, process: int = 1, source: str = CLIENT, **more: str | int
) -> Connected:
    """One event 3 with the flow of a lookup."""
    computer = str(more.get("computer", HOST))
    port = int(more.get("port", 50_000))
    return connected(
        when,
        computer=computer,
        image=image,
        process=process,
        source=source,
        port=port,
        to=SERVER,
        to_port=53,
        transport="udp",
    )


def started(
    when: Seconds,
    *,
    computer: str = HOST,
    image: str = BOT,
    process: int = 1,
    original: str | None = None,
    company: str | None = None,
    parent: str | None = None,
    addresses: tuple[str, ...] = (),
) -> Started:
    """One event 1."""
    return Started(
        at=at(when),
        computer=computer,
        channel=CHANNEL,
        record_id=None,
        record_time=at(when),
        utc_time=None,
        guid=guid(process),
        pid=7312,
        image=image,
        addresses=addresses,
        original_file_name=original,
        company=company,
        parent_image=parent,
        command_line="bot --poll",
    )


def ended(when: Seconds, *, computer: str = HOST, addresses: tuple[str, ...] = ()) -> Ended:
    """One event 5, of a process that asked nothing."""
    return Ended(
        at=at(when),
        computer=computer,
        channel=CHANNEL,
        record_id=None,
        record_time=at(when),
        utc_time=None,
        guid=guid(999),
        pid=4,
        image=SVCHOST,
        addresses=addresses,
    )


def attribution(
    *,
    feed: bool = True,
    hosts: tuple[Configured, ...] = CONFIGURED,
    resolvers: tuple[str, ...] = (),
    watch: Watch = WATCH,
    stale: Nanoseconds = 15 * 60 * SECOND,
) -> Attribution:
    return Attribution(Settings(feed=feed, stale=stale, resolvers=resolvers), watch, Hosts(hosts))


def join(
    items: list[Lookup | ProcessEvent], now: Nanoseconds = END, stage: Attribution | None = None
) -> list[Attributed]:
    """Run the stage over items in the order given."""
    return list((stage or attribution())(items, now))


def last_of(told: list[Attributed], first: Seconds = 0) -> Attributed:
    """What was said last of the lookup that began then."""
    return [t for t in told if t.lookup is not None and t.lookup.first == at(first)][-1]
