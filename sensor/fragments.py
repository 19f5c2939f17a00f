"""Put IP datagrams together from their fragments.

A datagram gathers under (addresses, protocol, identification) in IPv4 (RFC 791 §3.2), under
(addresses, identification) in IPv6 (RFC 8200 §4.5), whatever the paths, VLANs and interfaces of its
pieces: mirrors may show each on another. Pieces come in any order, and as often as they like.

What the receiver drops is seen here too, so a forged piece may come before the genuine one.
`sensor.reassembly` tells all readings that their checksum does not speak against; and a datagram
told is remembered for as long again, for the genuine piece may come after it:

  a piece that agrees with it      begins it once more (a mirrored copy, or a retry): where that
                                   becomes whole it is told again, where not it leaves silently
  a piece that does not, but has   is told as a second datagram
  the right checksum laid over it
  any that does not                begins another datagram, for identifications repeat (RFC 4963)

Where UDP over IPv4 has no checksum every such piece makes a second datagram. In tunnels that have
none it makes none: their identifications repeat within seconds.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final, TypeAlias

import msgspec

from sensor.anomalies import Anomaly
from sensor.checksum import UDP, is_right
from sensor.deadlines import Deadlines
from sensor.decap.unwrap import Leftover
from sensor.packet import Datagram, Fragment
from sensor.reassembly import Piece, Pieces, agrees
from sensor.stage import END, SECOND, Nanoseconds

# RFC 8200 §4.5 has 60 s from the first fragment, RFC 791 §3.2 suggests 15 s. This is what Linux
# waits in IPv4 (net.ipv4.ipfrag_time).
TIMEOUT: Final = 30 * SECOND

# Datagrams in pieces or told, and the memory they take in octets. A thousand fragmented responses
# of two kilobytes a second are remembered for four seconds. Past either, those leave first that
# nothing came for the longest.
MOST: Final = 8_192
OCTETS: Final = 16 << 20

# RFC 791 §3.1: what a total length can state.
LONGEST: Final = 65_535

# So many readings of a datagram are remembered; a copy of any further one counts as new.
READINGS: Final = 8

Key: TypeAlias = tuple[str, str, int | None, int]


class Slot(msgspec.Struct):
    """What there is under one key: the datagram that gathers, and the last one told.

    Of that the pieces are `known` and the readings `told`, `until` then, with what `again` came
    of it.
    """

    open: Pieces | None = None
    known: Pieces | None = None
    told: list[bytes] = msgspec.field(default_factory=list)
    again: Pieces | None = None
    until: Nanoseconds = END

    def octets(self) -> int:
        return (
            (0 if self.open is None else self.open.octets)
            + (0 if self.known is None else self.known.octets)
            + (0 if self.again is None else self.again.octets)
        )

    def due(self) -> Nanoseconds:
        return min(
            self.open.since + TIMEOUT if self.open is not None else END,
            self.again.since + TIMEOUT if self.again is not None else END,
            self.until,
        )


class Fragments:
    """The stage that puts datagrams together.

    `evicted` counts what a bound made leave early: `fragments`, datagrams not yet whole; `told`,
    datagrams only remembered; `pieces`, those that only covered what others did.
    """

    key: ClassVar[str] = "client"

    def __init__(self) -> None:
        self._slots: OrderedDict[Key, Slot] = OrderedDict()
        self._deadlines: Deadlines[Key] = Deadlines()
        self._octets = 0
        self._now: Nanoseconds = 0
        self.evicted: Counter[str] = Counter()

    def __call__(
        self, items: Iterable[Fragment], now: Nanoseconds
    ) -> Iterator[Datagram | Leftover]:
        for fragment in items:
            if fragment.late is None:
                yield from self._settle(max(self._now, fragment.at))
                yield from self._take(fragment)
            else:
                yield from self._catch_up(fragment, fragment.late)
        yield from self._settle(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    def _catch_up(self, fragment: Fragment, then: Nanoseconds) -> list[Datagram | Leftover]:
        """Take a fragment that was held back, as at the time when it came."""
        found: list[Datagram | Leftover] = list(self._settle(then))
        now, self._now = self._now, then
        found += self._take(fragment)
        self._now = now
        return found

    def _take(self, fragment: Fragment) -> Iterator[Datagram | Leftover]:
        shaped = _shaped(fragment)
        if shaped is None:
            anomalies = (*fragment.anomalies, Anomaly.HEADER_MALFORMED)
            yield Leftover(
                at=fragment.at, path=fragment.path, anomalies=anomalies, what="malformed"
            )
            return
        key = _key(shaped)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = Slot()
        before = slot.octets()
        told = self._put(slot, shaped)
        self._octets += slot.octets() - before
        self._deadlines.set(key, slot.due())
        self._slots.move_to_end(key)
        yield from told
        while self._octets > OCTETS or len(self._slots) > MOST:
            yield from self._evict()

    def _put(self, slot: Slot, fragment: Fragment) -> list[Datagram]:
        """Add a fragment to what it may belong to; return what is whole with it."""
        end = fragment.offset + len(fragment.data) + fragment.missing
        piece = Piece(fragment.offset, end, fragment.more, fragment.data)
        whole: dict[bytes, Datagram] = {}
        is_known = any(agrees(told, piece) for told in slot.told)
        if is_known:
            slot.until = self._now + TIMEOUT
            slot.again = self._add(slot.again, piece, fragment)
            if repeated := slot.again.datagrams(piece, fragment):
                slot.again = None
                whole = {each.data: each for each in repeated}
        if is_known if slot.open is None else piece in slot.open.held:
            return list(whole.values())
        slot.open = self._add(slot.open, piece, fragment)
        begun = slot.open.datagrams(piece, fragment)
        for datagram in begun:
            whole.setdefault(datagram.data, datagram)
        if begun and (slot.known is None or is_right(begun[0]) is not False):
            slot.known, slot.told = slot.open.remembered(begun), []
        elif slot.known is not None:
            slot.known.octets += sum(len(each.data) for each in begun)
            if not is_known:
                whole = {**self._amend(slot, slot.known, piece, fragment), **whole}
        if begun:
            slot.told += [each.data for each in begun]
            slot.open, slot.again, slot.until = None, None, self._now + TIMEOUT
        del slot.told[READINGS:]
        return list(whole.values())

    def _amend(
        self, slot: Slot, known: Pieces, piece: Piece, fragment: Fragment
    ) -> dict[bytes, Datagram]:
        """Add to a datagram told a piece that says otherwise; return what it may mean as well."""
        found: dict[bytes, Datagram] = {}
        if piece in known.held:
            return found
        self._add(known, piece, fragment)
        for second in known.seconds(slot.told[0], piece, fragment):
            if second.data in found or second.data in slot.told:
                continue
            right = is_right(second)
            if right or (right is None and second.protocol == UDP):
                found[second.data] = second
        if found:
            slot.told += found
            known.octets += sum(map(len, found))
            slot.until = self._now + TIMEOUT
            if slot.open is not None:
                slot.open.is_told = True
        return found

    def _add(self, pieces: Pieces | None, piece: Piece, fragment: Fragment) -> Pieces:
        if pieces is None:
            pieces = Pieces(self._now, fragment.path)
        if not pieces.add(piece, fragment):
            self.evicted["pieces"] += 1
        return pieces

    def _settle(self, now: Nanoseconds) -> Iterator[Leftover]:
        """Let go of what has waited long enough: each at its own time, in order."""
        for due, key in self._deadlines.due(now):
            if now != END:
                self._now = max(self._now, due)
            yield from self._lapse(key, due)
        if now != END:
            self._now = max(self._now, now)

    def _lapse(self, key: Key, due: Nanoseconds) -> Iterator[Leftover]:
        """Let go of what is due under a key, and of the key with the last of it."""
        slot = self._slots[key]
        before = slot.octets()
        lost = None
        if slot.open is not None and slot.open.since + TIMEOUT <= due:
            lost, slot.open = slot.open, None
        if slot.again is not None and slot.again.since + TIMEOUT <= due:
            slot.again = None
        if slot.until <= due:
            slot.known, slot.told, slot.until = None, [], END
        self._octets += slot.octets() - before
        if slot.due() == END:
            del self._slots[key]
        else:
            self._deadlines.set(key, slot.due())
        if lost is not None:
            yield from self._leave(lost)

    def _evict(self) -> Iterator[Leftover]:
        """Let go of the one that nothing came for the longest."""
        key, slot = self._slots.popitem(last=False)
        self._deadlines.drop(key)
        self._octets -= slot.octets()
        is_lost = slot.open is not None and not slot.open.is_told
        self.evicted["fragments" if is_lost else "told"] += 1
        if slot.open is not None:
            yield from self._leave(slot.open)

    def _leave(self, pieces: Pieces) -> Iterator[Leftover]:
        """Tell a datagram that never became whole; its receiver does not read it either."""
        if not pieces.is_told:
            yield Leftover(
                at=self._now,
                path=pieces.path,
                anomalies=pieces.incomplete(),
                what="fragments_incomplete",
            )


def _shaped(fragment: Fragment) -> Fragment | None:
    """Give a fragment as receivers take it, None where none does.

    A length that is no multiple of eight with more to follow is an error in IPv6 (RFC 8200 §4.5);
    in IPv4 some receivers drop such a fragment, Linux cuts it. None may be empty, or end beyond
    the longest datagram.
    """
    length = len(fragment.data) + fragment.missing
    if fragment.more and length % 8:
        if fragment.version == 6:
            return None
        length -= length % 8
        data = fragment.data[:length]
        fragment = msgspec.structs.replace(
            fragment,
            data=data,
            missing=length - len(data),
            anomalies=(*fragment.anomalies, Anomaly.HEADER_MALFORMED),
        )
    return None if not length or fragment.offset + length > LONGEST else fragment


def _key(fragment: Fragment) -> Key:
    protocol = fragment.protocol if fragment.version == 4 else None
    return fragment.src, fragment.dst, protocol, fragment.identification
