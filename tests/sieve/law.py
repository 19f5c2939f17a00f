"""What the river would make of one frame, and whether the sieve keeps its law there."""

import functools
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from sensor.capture.files import Captures
from sensor.decap.unwrap import Leftover, Unwrap
from sensor.frame import Frame
from sensor.messages import Reader
from sensor.packet import Fragment
from sensor.sieve.frame import judge
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.sieve.tables import Tables
from sensor.stage import SECOND
from sensor.watch import Watch

CASES: Final = Path(__file__).resolve().parents[2] / "pcaps"

NAMES: Final = ("api.telegram.org", ".example.org", ".cdn.example", "x", ".")
PORTS: Final = frozenset({53})
VXLAN_PORTS: Final = (8473,)
KEY: Final = bytes(range(16))
SYN_FIN_RST: Final = 0x07

# What may stand behind a frame in a window: the rest of a name, a pointer, a watched name.
BEHIND: Final = b"\x03api\x08telegram\x03org\0\0\1\0\1\xc0\x0c" * 3


class Use(StrEnum):
    """What the river does with a frame."""

    NOTHING = "nothing"
    COUNTS = "counts"  # a message on a configured port of which nobody asks
    READS = "reads"


class World:
    """The sieve, and the stages of the river that it stands for."""

    def __init__(self, names: tuple[str, ...] = NAMES, *, any_port: bool = True) -> None:
        self._unwrap = Unwrap(PORTS, VXLAN_PORTS)
        self._read = Reader(PORTS, any_port=any_port)
        self._watch = Watch(("rule", name) for name in names)
        tables = Tables.of(names, PORTS, any_port=any_port, vxlan_ports=VXLAN_PORTS, key=KEY)
        self.arguments = tables.arguments

    def use(self, frame: Frame) -> Use:
        """Say what the river does with a frame."""
        found = self._unwrap(frame)
        if isinstance(found, Leftover):
            return Use.NOTHING
        if isinstance(found, Fragment):
            return Use.READS
        is_configured = self._read.is_configured(found)
        if found.transport == "tcp":
            is_used = is_configured and (found.payload or found.control & SYN_FIN_RST)
            return Use.READS if is_used else Use.NOTHING
        message = self._read(found)
        if message is None:
            return Use.NOTHING
        if message.protocol == "dns" and self._watch.concerns(message.dns):
            return Use.READS
        return Use.COUNTS if is_configured else Use.NOTHING

    def judged(self, data: bytes, link: int, before: bytes = b"", behind: bytes = b"") -> Reason:
        """Judge a frame, alone or between other octets."""
        octets = np.frombuffer(before + data + behind, dtype=np.uint8)
        start, stop = len(before), len(before) + len(data)
        return Reason(judge(octets, start, stop, len(data), link, *self.arguments))

    def broken(self, data: bytes, link: int) -> str:
        """Say how the law is broken for a frame, nothing where it is kept."""
        use = self.use(Frame(at=SECOND, data=data, link=link, length=len(data)))
        reason = self.judged(data, link)
        among = self.judged(data, link, b"\xc0\x0c\0", BEHIND)
        if reason is not among:
            return f"{reason.name} alone, {among.name} among other octets"
        is_kept = {
            Use.NOTHING: reason is not Reason.DROPPED_DNS,
            Use.COUNTS: reason is not Reason.DROPPED_OTHER,
            Use.READS: reason > LAST_DROPPED,
        }[use]
        return "" if is_kept else f"the river {use} what is {reason.name}: {data.hex()}"


@functools.cache
def frames(path: Path) -> tuple[Frame, ...]:
    """All frames of a capture."""
    return tuple(Captures([str(path)]))
