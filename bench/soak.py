"""Attack the river's state: ten million of each thing that has to be held, none ever finished.

    python bench/soak.py [--count N] [--watched N] [KIND...]

Every kind runs through the whole river in a process of its own, a frame a microsecond of event
time, so that no time-out helps. What is printed is the peak resident memory of that process, less
what it was before the first frame, beside the bound that docs/wire.md states, and what left early,
by name. Exit 1 where a bound was passed or nothing left early.
"""

import argparse
import json
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sensor import alerts, pipeline  # noqa: E402
from sensor.attribution import attribute  # noqa: E402
from sensor.config import load  # noqa: E402
from sensor.frame import Frame  # noqa: E402

START: Final = 1_795_516_800 * 1_000_000_000
STEP: Final = 1_000
ETHERNET: Final = bytes(12) + b"\x08\x00"
SERVER: Final = bytes([198, 51, 100, 53])
HEADER: Final = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
WATCHED: Final = b"\x03api\x08telegram\x03org\0\0\1\0\1"
BATCH: Final = 10_000


def ipv4(number: int, protocol: int, rest: bytes, place: int = 0) -> bytes:
    """A packet from one of 2**24 clients; the identification follows from the number too."""
    client = bytes([10, number >> 16 & 0xFF, number >> 8 & 0xFF, number & 0xFF])
    fields = (0x45, 0, 20 + len(rest), number >> 8 & 0xFFFF, place, 64, protocol, 0)
    return ETHERNET + struct.pack("!BBHHHBBH", *fields) + client + SERVER + rest


def udp(number: int, payload: bytes) -> bytes:
    return struct.pack("!HHHH", 1024 + number % 60000, 53, 8 + len(payload), 0) + payload


def tcp(number: int, control: int, payload: bytes = b"") -> bytes:
    fields = (1024 + number % 60000, 53, number, 0, 5 << 12 | control, 1024, 0, 0)
    return struct.pack("!HHIIHHHH", *fields) + payload


def tiny_fragment(number: int) -> bytes:
    return ipv4(number, 17, bytes(8), place=0x2000)


def large_fragment(number: int) -> bytes:
    return ipv4(number, 17, bytes(1480), place=0x2000)


def half_open(number: int) -> bytes:
    return ipv4(number, 6, tcp(number, 0x02))


def begun_stream(number: int) -> bytes:
    """The first half of a query's length and header, in what looks like a whole beginning."""
    return ipv4(number, 6, tcp(number, 0x18, b"\x00\x22" + HEADER + b"\x03api"))


def gap_in_stream(number: int) -> bytes:
    """Turn by turn what opens a connection, and a segment behind one that never comes."""
    connection = number >> 1
    if number & 1:
        return ipv4(
            connection,
            6,
            tcp(connection, 0x18)[:4]
            + struct.pack("!I", connection + 9)
            + tcp(connection, 0x18)[8:]
            + bytes(1400),
        )
    return ipv4(connection, 6, tcp(connection, 0x02))


def unwatched_query(number: int) -> bytes:
    label = b"%08x" % number
    return ipv4(number, 17, udp(number, HEADER + b"\x08" + label + b"\x07example\0\0\1\0\1"))


def watched_query(number: int) -> bytes:
    return ipv4(number, 17, udp(number, HEADER + WATCHED))


class Kind(NamedTuple):
    """What is sent; `bound` in MB, as docs/wire.md has it; `taps` of the river."""

    frame: Callable[[int], bytes]
    bound: int
    taps: frozenset[str] = frozenset()


KINDS: Final[Mapping[str, Kind]] = {
    "tiny fragments": Kind(tiny_fragment, 64),
    "large fragments": Kind(large_fragment, 64),
    "half-open connections": Kind(half_open, 64),
    "begun streams": Kind(begun_stream, 96),
    "streams with a gap": Kind(gap_in_stream, 96),
    "unanswered queries": Kind(unwatched_query, 512, frozenset({"transactions"})),
    "unanswered watched queries": Kind(watched_query, 1024),
}


def peak() -> int:
    """Peak resident memory of this process, in octets."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def frames(make: Callable[[int], bytes], start: int, stop: int) -> Iterator[Frame]:
    for number in range(start, stop):
        data = make(number)
        yield Frame(at=START + number * STEP, data=data, link=1, length=len(data))


def attack(name: str, count: int) -> None:
    """Send one kind, and print what came of it as JSON."""
    kind = KINDS[name]
    river = pipeline.Pipeline(
        pipeline.Settings(
            rules=load().rules,
            attribution=attribute.Settings(feed=True),
            alerts=alerts.Settings(),
            taps=kind.taps,
        )
    )
    before = peak()
    started = time.process_time()
    told = 0
    for start in range(0, count, BATCH):
        stop = min(count, start + BATCH)
        told += sum(1 for _ in river(frames(kind.frame, start, stop), START + stop * STEP))
    spent = time.process_time() - started
    counters = river.counters
    print(
        json.dumps(
            {
                "octets": peak() - before,
                "seconds": spent,
                "evicted": dict(counters.evicted),
                "told": told,
            }
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument(
        "--watched", type=int, default=1_000_000, help="watched queries, which cost more"
    )
    parser.add_argument("--attack", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.attack:
        attack(given.kinds[0], given.count)
        return 0
    wrong = False
    print(f"{'kind':28} {'frames':>10} {'µs each':>8} {'peak MB':>8} {'bound MB':>9}  left early")
    for name in given.kinds or KINDS:
        count = given.watched if KINDS[name].frame is watched_query else given.count
        command = [sys.executable, __file__, "--attack", "--count", str(count), name]
        done = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        megabytes = done["octets"] / 1e6
        each = done["seconds"] / count * 1e6
        evicted = ", ".join(f"{what} {n:,}" for what, n in sorted(done["evicted"].items()))
        wrong |= megabytes > KINDS[name].bound or not evicted
        row = f"{name:28} {count:>10,} {each:>8.1f} {megabytes:>8.1f} {KINDS[name].bound:>9}"
        print(f"{row}  {evicted}", flush=True)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
