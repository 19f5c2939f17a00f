"""Messages as the stages see them; a test says what it is about and leaves the rest."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from sensor.dns.message import Decoded, Message, Question, Record
from sensor.stage import END, MILLISECOND, SECOND, Nanoseconds, Stage

CLIENT: Final = "10.20.30.41"
OTHER_CLIENT: Final = "10.20.30.42"
SERVER: Final = "10.20.0.53"
NAME: Final = "api.telegram.org"
INNOCENT: Final = "innocent.example"
START: Final = 1_795_516_800 * SECOND  # 2026-11-24T10:40:00Z


def at(seconds: float) -> Nanoseconds:
    """So long after the tests' own beginning."""
    return START + round(seconds * 1000) * MILLISECOND


def record(name: str = NAME, rtype: str = "A", rdata: str = "149.154.167.220") -> Record:
    """A record of class IN; a CNAME, DNAME, SVCB or HTTPS has its rdata's last word as target."""
    follows = rtype in ("CNAME", "DNAME", "SVCB", "HTTPS")
    target = rdata.rsplit(maxsplit=1)[-1] if follows else None
    return Record(name, rtype, "IN", 60, rdata, target)


def query(
    when: float = 0,
    *,
    client: str = CLIENT,
    port: int = 50001,
    server: str = SERVER,
    server_port: int = 53,
    ident: int = 7,
    qname: str = NAME,
    qtype: str = "A",
    wire_name: str | None = None,
    questions: tuple[Question, ...] | None = None,
    opcode: str = "QUERY",
    identification: int | None = None,
) -> Message:
    """A query; its IPv4 identification follows from its time."""
    if questions is None:
        questions = (Question(qname, qtype, "IN", wire_name),)
    decoded = Decoded(ident, qr=False, opcode=opcode, rcode="NOERROR", flags=("RD",))
    decoded = msgspec.structs.replace(decoded, questions=questions)
    time = at(when)
    return Message(
        at=time,
        src=client,
        sport=port,
        dst=server,
        dport=server_port,
        transport="udp",
        path=("ethernet", "ipv4", "udp"),
        dns=decoded,
        identification=time // MILLISECOND & 0xFFFF if identification is None else identification,
        digest=hashlib.blake2b(repr(decoded).encode(), digest_size=16).digest(),
    )


def response(
    when: float = 0,
    *answers: Record,
    rcode: str = "NOERROR",
    authorities: tuple[Record, ...] = (),
    additionals: tuple[Record, ...] = (),
    identification: int | None = None,
    **of: Any,
) -> Message:
    """The response to `query(**of)`."""
    asked = query(when, **of)
    decoded = msgspec.structs.replace(
        asked.dns,
        qr=True,
        rcode=rcode,
        flags=("RD", "RA"),
        answers=answers,
        authorities=authorities,
        additionals=additionals,
    )
    time = asked.at
    return msgspec.structs.replace(
        asked,
        src=asked.dst,
        sport=asked.dport,
        dst=asked.src,
        dport=asked.sport,
        dns=decoded,
        identification=time // MILLISECOND & 0xFFFF if identification is None else identification,
        digest=hashlib.blake2b(repr(decoded).encode(), digest_size=16).digest(),
    )


def through(stage: Stage[Any, Any], items: Iterable[Any], now: Nanoseconds = END) -> list[Any]:
    """All that a stage makes of the items, by default to the end."""
    return list(stage(items, now))
