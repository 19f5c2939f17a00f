"""Which names are watched, and where in a message they stand.

A rule's name is exact (`api.telegram.org`), every name below another but not itself
(`.example.org`), or every name (`*`). Names are compared as our canonical text, which is equal
exactly when the labels' octets are (see `sensor.dns.message`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from sensor.dns.message import Decoded, Record

EVERY: Final = "*"

# Matches kept ready, some 200 octets each: the names of a long list are hardly ever all met.
MOST_READY: Final = 10_000

# The record types whose target a resolver follows, and what a match on them is called.
ROLES: Final[Mapping[str, str]] = {
    "CNAME": "cname",
    "DNAME": "dname",
    "SVCB": "svcb",
    "HTTPS": "https",
}


class Match(msgspec.Struct, frozen=True, gc=False, order=True):
    """A rule's `indicator` (the name as the rule has it) was met in `role`.

    Roles: `qname`, `cname`, `dname`, `svcb`, `https`.
    """

    rule: str
    indicator: str
    role: str


class Watch:
    """The names of all rules, looked up by the name in hand."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Take (rule id, name) pairs; names canonical, `.` in front for "everything below"."""
        self._by_name: dict[str, list[str]] = {}
        for rule, name in names:
            rules = self._by_name.setdefault(name, [])
            if rule not in rules:
                rules.append(rule)
        self._ready: dict[tuple[str, str], tuple[Match, ...]] = {}
        parents = {len(name) for name in self._by_name if name.startswith(".") and name != "."}
        self._parents = sorted(parents, reverse=True)

    def find(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (rule id, indicator) for each rule that watches `name`, the closest first."""
        for candidate in self._candidates(name):
            for rule in self._by_name.get(candidate, ()):
                yield rule, candidate

    def _candidates(self, name: str) -> Iterator[str]:
        """Spell the ways in which a rule may watch this name: itself, each `.parent`, `*`.

        Only tails as long as a watched parent are looked at: hostile names have 127 labels.
        """
        yield name
        for length in self._parents:
            if length < len(name) and _is_between_labels(name, len(name) - length):
                yield name[-length:]
        yield EVERY

    def asked(self, qname: str) -> tuple[Match, ...]:
        """Match a name that was asked."""
        return self._matches(qname, "qname")

    def concerns(self, message: Decoded) -> bool:
        """Say whether anything in a message is watched; no other message bears on a lookup."""
        for question in message.questions:
            for candidate in self._candidates(question.qname):
                if candidate in self._by_name:
                    return True
        return message.qr and bool(self.answered(message))

    def answered(self, message: Decoded) -> tuple[Match, ...]:
        """Match owner and target of the records whose target a resolver follows.

        An address record under the name proves no lookup of it (glue, an additional of an SRV).
        """
        found: dict[Match, None] = {}
        for section in (message.answers, message.authorities, message.additionals):
            for record in section:
                for match in self._of_record(record):
                    found[match] = None
        return tuple(found)

    def _of_record(self, record: Record) -> Iterator[Match]:
        role = ROLES.get(record.type)
        if role is None:
            return
        for name in (record.name, record.target):
            if name is not None:
                yield from self._matches(name, role)

    def _matches(self, name: str, role: str) -> tuple[Match, ...]:
        found: tuple[Match, ...] = ()
        for candidate in self._candidates(name):
            if candidate in self._by_name:
                found += self._ready.get((candidate, role)) or self._make(candidate, role)
        return found

    def _make(self, indicator: str, role: str) -> tuple[Match, ...]:
        if len(self._ready) >= MOST_READY:
            self._ready.clear()
        made = tuple(Match(rule, indicator, role) for rule in self._by_name[indicator])
        self._ready[indicator, role] = made
        return made


def _is_between_labels(name: str, at: int) -> bool:
    """Say whether a dot parts labels there; one inside a label is escaped (RFC 1035 §5.1)."""
    before = name[:at]
    escapes = len(before) - len(before.rstrip("\\"))
    return name[at] == "." and escapes % 2 == 0
