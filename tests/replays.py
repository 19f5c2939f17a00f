"""Small captures and logs of one story, and the command run over them within this process.

The story: on FIN-WS-0231 (10.20.30.41) bot.exe resolves api.telegram.org and telegram.exe asks
for it too; 10.20.30.77 asks for it, and nobody knows whose address that is; FIN-WS-0232
(10.20.30.42) asks for something else.
"""

import contextlib
import io
import json
import struct
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec

from sensor.cli import main
from sensor.encoders.clock import nanos
from sensor.frame import Frame
from sensor.stage import MILLISECOND, SECOND
from tests.capture.capture_writer import pcap
from tests.dns.messages import QUERY, header, pointer, question, record, response, wire_name

ROOT: Final = Path(__file__).resolve().parents[1]

START: Final = 1_795_516_800 * SECOND  # 2026-11-24T10:40:00Z
TELEGRAM: Final = wire_name(b"api", b"telegram", b"org")
OTHER: Final = wire_name(b"www", b"example", b"org")
ADDRESS: Final = "149.154.166.110"
SERVER: Final = "10.20.0.53"
BOT: Final = r"C:\Users\ann\AppData\Local\Temp\bot.exe"
GENUINE: Final = r"C:\Users\ann\AppData\Roaming\Telegram Desktop\Telegram.exe"
KINDS: Final = ("alerts", "lookups", "messages", "transactions", "anomalies")


class Done(msgspec.Struct, frozen=True):
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: str | Path, stdin: bytes = b"") -> Done:
    """Run `dns-sensor` in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.StringIO()
    source = io.TextIOWrapper(io.BytesIO(stdin))
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch("sys.stdin", source),
    ):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse's way out
            code = end.code if isinstance(end.code, int) else 1
    raw = out.buffer
    assert isinstance(raw, io.BytesIO)
    return Done(code, raw.getvalue(), err.getvalue())


def datagram(at: int, src: tuple[str, int], dst: tuple[str, int], payload: bytes) -> Frame:
    """One UDP datagram in IPv4 over Ethernet; the IPv4 identification follows from the time."""
    udp = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0) + payload
    identification = at // MILLISECOND & 0xFFFF
    fields = (0x45, 0, 20 + len(udp), identification, 0, 64, 17, 0)
    addresses = IPv4Address(src[0]).packed + IPv4Address(dst[0]).packed
    data = bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH", *fields) + addresses + udp
    return Frame(at=at, link=1, data=data, length=len(data), interface="")


def asked(
    at: int, client: str, *, port: int, name: bytes = TELEGRAM, qtype: int = 1
) -> list[Frame]:
    """A query, and 20 ms later its answer: an address, or nothing for any other type."""
    query = header(flags=QUERY, ident=port & 0xFFF) + question(name, qtype=qtype)
    found = [record(pointer(12), 1, IPv4Address(ADDRESS).packed, ttl=27)] if qtype == 1 else []
    answer = (
        struct.pack("!H", port & 0xFFF) + response(*found, asked=question(name, qtype=qtype))[2:]
    )
    there, back = (client, port), (SERVER, 53)
    return [
        datagram(at, there, back, query),
        datagram(at + 20 * MILLISECOND, back, there, answer),
    ]


def story() -> list[Frame]:
    """All packets, in order."""
    return [
        *asked(START, "10.20.30.42", port=40001, name=OTHER),
        *asked(START + 1 * SECOND, "10.20.30.41", port=50001),
        *asked(START + 1 * SECOND + 50 * MILLISECOND, "10.20.30.41", port=50002, qtype=28),
        *asked(START + 60 * SECOND, "10.20.30.41", port=50003),
        *asked(START + 90 * SECOND, "10.20.30.77", port=51001),
        *asked(START + 200 * SECOND, "10.20.30.42", port=40002, name=OTHER),
    ]


def capture(frames: Iterable[Frame] | None = None) -> bytes:
    """A pcap of the story, or of these frames."""
    return pcap(story() if frames is None else frames)


def event(
    event_id: int, at: int, record_id: int, computer: str, **data: str
) -> Mapping[str, object]:
    """One Sysmon event, as Winlogbeat writes it."""
    return {
        "@timestamp": nanos(at),
        "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_id": str(event_id),
            "computer_name": computer,
            "record_id": record_id,
            "event_data": {"UtcTime": nanos(at)[:23].replace("T", " "), **data},
        },
    }


def guid(number: int) -> str:
    return f"{{3cfdee80-2f7d-605b-f50a-{number:012x}}}"


def started(
    at: int, record_id: int, computer: str, number: int, image: str
) -> Mapping[str, object]:
    """Event 1."""
    return event(
        1,
        at,
        record_id,
        computer,
        ProcessGuid=guid(number),
        ProcessId=str(number),
        Image=image,
        CommandLine=f'"{image}"',
        User=r"CORP\ann",
        ParentImage=r"C:\Windows\explorer.exe",
    )


def connected(at: int, record_id: int, computer: str, address: str) -> Mapping[str, object]:
    """Event 3, by which the computer's address is known."""
    return event(
        3,
        at,
        record_id,
        computer,
        ProcessGuid=guid(4),
        ProcessId="4",
        Image="System",
        Protocol="tcp",
        Initiated="true",
        SourceIp=address,
        SourcePort="49999",
        DestinationIp="10.20.0.1",
        DestinationPort="445",
    )


def resolved(
    at: int, record_id: int, computer: str, number: int, image: str, name: str = "api.telegram.org"
) -> Mapping[str, object]:
    """Event 22."""
    return event(
        22,
        at,
        record_id,
        computer,
        ProcessGuid=guid(number),
        ProcessId=str(number),
        Image=image,
        QueryName=name,
        QueryStatus="0",
        QueryResults=f"::ffff:{ADDRESS};",
        User=r"CORP\ann",
    )


def log() -> list[Mapping[str, object]]:
    """All events, in order."""
    first, second = "FIN-WS-0231.corp.example", "FIN-WS-0232.corp.example"
    return [
        started(START - 30 * SECOND, 100, first, 7172, BOT),
        started(START - 20 * SECOND, 101, first, 8080, GENUINE),
        connected(START - 10 * SECOND, 102, first, "10.20.30.41"),
        connected(START - 5 * SECOND, 200, second, "10.20.30.42"),
        resolved(START + 1 * SECOND + 300 * MILLISECOND, 103, first, 7172, BOT),
        resolved(START + 60 * SECOND + 300 * MILLISECOND, 104, first, 8080, GENUINE),
        resolved(START + 100 * SECOND, 201, second, 6000, BOT),
        connected(START + 180 * SECOND, 105, first, "10.20.30.41"),
    ]


def json_lines(events: Iterable[Mapping[str, object]] | None = None) -> bytes:
    """An event file of the story, or of these events."""
    chosen = log() if events is None else events
    return b"".join(json.dumps(each).encode() + b"\n" for each in chosen)


def write(folder: Path) -> tuple[Path, Path]:
    """Write the story: its capture and its event file."""
    packets, events = folder / "case.pcap", folder / "events.jsonl"
    packets.write_bytes(capture())
    events.write_bytes(json_lines())
    return packets, events
