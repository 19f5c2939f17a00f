"""The pieces of one IP datagram, and what they say when they are put together.

Pieces may contradict each other: one covers octets of another, states another end, or reaches
beyond it. Which of them the receiver takes cannot be seen: it drops those whose IP header has a
wrong checksum, others never reach it, and systems differ in what they make of overlaps. So all
are kept. A *reading* is the pieces laid over each other in some order, up to some end; the first
is that in which the piece that came first wins, and the checksum inside speaks for or against it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sensor.anomalies import Anomaly
from sensor.checksum import is_right
from sensor.packet import Datagram, Fragment
from sensor.stage import Nanoseconds

# What Python takes to keep a piece beside its octets, and a datagram beside its pieces: so that
# what is counted is memory, however small the pieces are cut.
PIECE: Final = 288
BEGINNING: Final = 512  # that piece is kept with its fragment
DATAGRAM: Final = 1_536

# Pieces that cover what others do may take so much, twice a datagram of the greatest length; past
# it they are dropped. (Those that cover something new are 8,192 at most: they begin at multiples
# of eight octets, RFC 791 §3.1.)
SPARE: Final = 2 * 65_535

# Ends stated beyond these only take the last one's place.
ENDS: Final = 8

# So many octets are laid and summed for one datagram, a piece counting for as many as take its
# time: hundreds of readings of a query, a dozen of the longest datagram, which takes a few
# milliseconds. After that the first reading holds.
CHECKED: Final = 1 << 20
LAID: Final = 64


class Piece(NamedTuple):
    """Octets that stand in a datagram from `offset` to `end`, with `more` behind them or not.

    `data` is shorter than that where the capture cut it.
    """

    offset: int
    end: int
    more: bool
    data: bytes


Held: TypeAlias = Mapping[Piece, Fragment | None]


class Pieces(msgspec.Struct):
    """What came of one datagram so far, `since` the `now` at which the first came by `path`.

    `held` are the pieces in the order in which they came, those that are the datagram's beginning
    with their fragment; `spare` are those of them that cover what others do. Octets are `covered`
    from the first number there up to the second, from the third up to the fourth, and so on.
    `ends` are the ends stated, `reach` is the furthest. `octets` counts memory. `is_told` says
    that all of it was told already, so it need not become whole.
    """

    since: Nanoseconds
    path: tuple[str, ...]
    held: dict[Piece, Fragment | None] = msgspec.field(default_factory=dict)
    spare: list[Piece] = msgspec.field(default_factory=list)
    spared: int = 0
    covered: list[int] = msgspec.field(default_factory=list)
    ends: list[int] = msgspec.field(default_factory=list)
    reach: int = 0
    anomalies: tuple[Anomaly, ...] = ()
    octets: int = DATAGRAM
    budget: int = CHECKED
    is_told: bool = False

    def add(self, piece: Piece, fragment: Fragment) -> bool:
        """Take one more, unless it is here already; False where there is no room for it."""
        if piece in self.held:
            return True
        if piece.data and not self._hold(piece, fragment):
            return False
        if not piece.more and piece.end not in self.ends:
            del self.ends[ENDS - 1 :]
            self.ends.append(piece.end)
        self.reach = max(self.reach, piece.end)
        self.anomalies = joined(self.anomalies, fragment.anomalies)
        return True

    def datagrams(self, piece: Piece, last: Fragment) -> list[Datagram]:
        """Put it together: nothing before it is whole, more than one where readings differ.

        Of pieces that contradict each other every reading is told that its checksum does not
        speak against. Where it does against all, the first is, for then the host that sends was
        captured before it had summed. `piece` came last, with the fragment `last`.
        """
        whole = self._front()
        if not any(end <= whole for end in self.ends):
            return []
        if not self.contradicts():
            return [self._read(sorted(self.held), self.ends[0], last)]
        told: dict[bytes, Datagram] = {}
        if self.budget > 0:
            for datagram in self._readings(piece, last, self.spare):
                if datagram.data not in told and is_right(datagram) is not False:
                    told[datagram.data] = datagram
        if not told and self.ends[0] <= whole:
            return [self._read(list(reversed(self.held)), self.ends[0], last)]
        return list(told.values())

    def seconds(self, told: bytes, piece: Piece, last: Fragment) -> Iterator[Datagram]:
        """Give what else it may mean, once it was told, with a piece added that says otherwise.

        First the piece alone laid over what was told, then, with half of the budget, all there is.
        """
        stop = max(len(told), piece.offset + len(piece.data))
        end = len(told) if piece.more else piece.end
        if self.budget > 0 and piece.offset <= len(told) and end <= stop:
            under = Piece(0, len(told), more=False, data=told)
            head = beginning(list(reversed(self.held)), self.held)
            yield self._read([under, piece], end, last, head)
            self.budget -= stop + LAID
        if self.budget > CHECKED // 2:
            yield from self._readings(piece, last, [])

    def remembered(self, told: list[Datagram]) -> "Pieces":
        """Give what has to be kept of it once it was told: its octets, or the contradictions."""
        if self.contradicts():
            self.octets += sum(len(datagram.data) for datagram in told)
            return self
        head = beginning(list(self.held), self.held)
        if head is not None:
            head = msgspec.structs.replace(head, data=b"")
        end = self.ends[0]
        return Pieces(
            self.since,
            self.path,
            held={Piece(0, end, more=False, data=told[0].data): head},
            covered=[0, end],
            ends=[end],
            reach=end,
            anomalies=self.anomalies,
            octets=DATAGRAM + PIECE + end,
        )

    def contradicts(self) -> bool:
        """Tell whether its pieces do, be it that they hold the same octets twice."""
        return bool(self.spare) or len(self.ends) > 1 or self.reach > min(self.ends, default=65_535)

    def incomplete(self) -> tuple[Anomaly, ...]:
        """List what there is to tell of it where it never became whole."""
        overlap = (Anomaly.FRAGMENT_OVERLAP,) if self.contradicts() else ()
        return (*overlap, Anomaly.FRAGMENTS_INCOMPLETE)

    def _hold(self, piece: Piece, fragment: Fragment) -> bool:
        start, stop = piece.offset, piece.offset + len(piece.data)
        room = PIECE + len(piece.data) + (BEGINNING if start == 0 else 0)
        covered = self.covered
        behind = bisect_right(covered, start)
        if behind % 2 or behind != bisect_left(covered, stop):  # it covers what is covered
            if self.spared + room > SPARE:
                return False
            self.spare.append(piece)
            self.spared += room
        self.held[piece] = fragment if start == 0 else None
        self.octets += room
        low, high = bisect_left(covered, start), bisect_right(covered, stop)
        covered[low:high] = [start] * (low % 2 == 0) + [stop] * (high % 2 == 0)
        return True

    def _front(self) -> int:
        """Tell up to where there is no hole."""
        return self.covered[1] if self.covered and self.covered[0] == 0 else 0

    def _readings(self, newest: Piece, last: Fragment, spare: list[Piece]) -> Iterator[Datagram]:
        """Go through the readings that are whole and that the newest piece is part of.

        They are, for each end: the piece that came first wins, then the one that came last; each
        of `spare` is laid over the first; each piece is laid below all others.
        """
        whole = self._front()
        ends = [end for end in self.ends if newest.offset < end <= whole]
        if not ends:
            return
        pieces = list(self.held)
        first = pieces[::-1]
        cost = whole + LAID * len(pieces)
        for end in ends:
            for order in (first, pieces):
                yield self._read(order, end, last)
                self.budget -= cost
        under = Piece(0, whole, more=False, data=laid(b"", first, whole))
        head = beginning(first, self.held)
        for piece in spare:
            if self.budget <= 0:
                return
            if (end := ends[0] if piece.more else piece.end) <= whole:
                yield self._read([under, piece], end, last, head)
            self.budget -= whole + LAID
        for piece in pieces:
            others = [end for end in ends if piece.more or end != piece.end] or ends
            if self.budget <= 0:
                return
            yield self._read([piece, *(each for each in first if each != piece)], others[0], last)
            self.budget -= cost

    def _read(
        self, order: list[Piece], end: int, last: Fragment, head: Fragment | None = None
    ) -> Datagram:
        head = beginning(order, self.held) or head or last
        overlap = (Anomaly.FRAGMENT_OVERLAP,) if self.contradicts() else ()
        return Datagram(
            at=last.at,
            version=head.version,
            src=head.src,
            dst=head.dst,
            identification=head.identification,
            protocol=head.protocol,
            data=laid(b"", order, end),
            path=head.path,
            vlans=head.vlans,
            interface=head.interface,
            anomalies=joined(self.anomalies, overlap),
        )


def agrees(told: bytes, piece: Piece) -> bool:
    """Tell whether a piece says nothing that the octets of a whole datagram do not."""
    end = len(told)
    if piece.end > end if piece.more else piece.end != end:
        return False
    return told.startswith(piece.data, piece.offset)


def laid(base: bytes, order: Iterable[Piece], end: int) -> bytes:
    """Lay pieces over octets, one after another, and cut at `end`."""
    octets = bytearray(base[:end].ljust(end, b"\0"))
    for piece in order:
        data = piece.data[: max(0, end - piece.offset)]
        if data:
            octets[piece.offset : piece.offset + len(data)] = data
    return bytes(octets)


def beginning(order: list[Piece], held: Held) -> Fragment | None:
    """Find the fragment that a reading begins with."""
    for piece in reversed(order):
        if piece.offset == 0 and (fragment := held.get(piece)) is not None:
            return fragment
    return None


def joined(held: tuple[Anomaly, ...], new: tuple[Anomaly, ...]) -> tuple[Anomaly, ...]:
    """Add to what is held what is not there yet."""
    if held == new or not new:
        return held
    return tuple(dict.fromkeys((*held, *new)))
