"""Tell the second copy of a packet from a second packet.

A span port mirrors a packet on its way in and on its way out, and two taps see it twice. A double
has the innermost addresses, ports, IPv4 identification and payload of a packet at most 100 ms
from it, whatever its interface, VLAN, TTL or tunnel (DESIGN §5). It goes on down the river,
marked, so that `messages` shows it; nothing after this stage counts it.

A client's retry is no double: it comes after a second or so, and with another identification.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import msgspec

from sensor.anomalies import Anomaly
from sensor.dns.message import Message
from sensor.stage import END, MILLISECOND, SECOND, Nanoseconds

WINDOW: Final = 100 * MILLISECOND

# A packet is remembered this long after it came, for taps hand over packets out of order.
REMEMBERED: Final = 1 * SECOND

# At a million DNS messages a second this is the window; some 300 octets each. Past it the oldest
# are let go, and a double among them counts as a packet of its own.
MOST: Final = 100_000


class Doubles:
    """The stage that marks doubles with `Anomaly.MIRRORED_DUPLICATE`."""

    key: ClassVar[str] = "client"

    def __init__(self) -> None:
        # The packet's own time, and the `now` at which it came: the latter never goes back.
        self._seen: OrderedDict[bytes, tuple[Nanoseconds, Nanoseconds]] = OrderedDict()
        self._now: Nanoseconds = 0
        self.evicted = 0

    def __call__(self, items: Iterable[Message], now: Nanoseconds) -> Iterator[Message]:
        for message in items:
            self._forget(max(self._now, message.at))
            yield self._mark(message)
        self._forget(now)

    def deadline(self) -> Nanoseconds:
        return END

    def _mark(self, message: Message) -> Message:
        identity = _identity(message)
        seen = self._seen.get(identity)
        if seen is not None and abs(message.at - seen[0]) <= WINDOW:
            doubled = (*message.anomalies, Anomaly.MIRRORED_DUPLICATE)
            return msgspec.structs.replace(message, anomalies=doubled)
        self._seen.pop(identity, None)
        if len(self._seen) >= MOST:
            self._seen.popitem(last=False)
            self.evicted += 1
        self._seen[identity] = message.at, self._now
        return message

    def _forget(self, now: Nanoseconds) -> None:
        """Let go of what came long ago; the order is that in which the packets came."""
        if now == END:
            self._seen.clear()
            return
        self._now = max(self._now, now)
        while self._seen:
            oldest = next(iter(self._seen.values()))
            if oldest[1] + REMEMBERED >= self._now:
                return
            self._seen.popitem(last=False)


def _identity(message: Message) -> bytes:
    """Digest all that a double has in common with its packet; text cannot contain the NUL."""
    ends = (message.src, message.sport, message.dst, message.dport)
    flow = "\0".join(map(str, (*ends, message.transport, message.identification)))
    return hashlib.blake2b(flow.encode() + message.digest, digest_size=16).digest()
