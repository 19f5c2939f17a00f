"""Cut a log file's octets into records: JSON values and Windows Event XML, mixed as they come.

JSON: one object a line, objects over several lines, arrays of objects, and arrays in an object
(`{"events": [ … ]}`); what stands before an object on its line is a syslog prefix. XML: each
`<Event>…</Event>`, several on a line or one over many lines, wrapped in `<Events>` or behind a
syslog prefix. Text is UTF-8, or UTF-16 with a byte order mark; octets that are no text become
U+FFFD, and the record is read all the same.

A damaged record loses itself only. JSON ends at a line that no JSON value goes on with, XML at
the next `<Event>`.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import msgspec

from sensor.endpoint.reasons import Reason

# The longest record read, in characters: the event log's own limit is 64 KiB, and rendering,
# escaping and a shipper's metadata make a few times that of it.
LONGEST_RECORD: Final = 1 << 20


class Json(msgspec.Struct, frozen=True):
    """A JSON object, decoded."""

    value: object


class Xml(msgspec.Struct, frozen=True):
    """The text of one `<Event>…</Event>`."""

    text: str


class Rejected(msgspec.Struct, frozen=True):
    """Text that is no record; `line` is where it begins, counted from 1."""

    reason: Reason
    line: int


Piece: TypeAlias = Json | Xml | Rejected

# A record's first characters: an object with a member or open at the line's end, or an event.
_START: Final = re.compile(r'\{(?=\s*(?:"|\Z))|<Event(?=[\s>])')
# What stands between records: white space, and what holds arrays together.
_BETWEEN: Final = re.compile(r"[\s,\[\]}\ufeff]*")
# An object that does nothing but hold an array of records.
_HOLDER: Final = re.compile(r'\{\s*"(?:[Ee]vents|[Rr]ecords|value)"\s*:\s*\[')
_LONGEST_HOLDER: Final = 64
# Lines that belong to an XML document and hold no event.
_XML_FRAME: Final = re.compile(r"\s*(?:(?:<\?xml[^>]*\?>|</?Events\b[^>]*>|<!--[^>]*-->)\s*)+")
# Where an event ends, or another begins before it does.
_EVENT_STOP: Final = re.compile(r"</Event\s*>|<Event(?=[\s>])")
_LONGEST_TAG: Final = 64

# Within JSON: outside a string the brackets, a quote, a line's end; inside a quote, an escape.
_OUTSIDE: Final = re.compile(r'["{}\[\]\n]')
_INSIDE: Final = re.compile(r'["\n]|\\[^\n]?')
# A line in the middle of a JSON value begins so. A brace in the first column is the next record.
_GOES_ON: Final = re.compile(r'[\s"}\[\],0-9tfn\-]')

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def split(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """Cut the octets of one file into its records, in order.

    Args:
        blocks: The octets, decompressed, in pieces of any size.

    Yields:
        Records, and `Rejected` for text that is none: `unrecognised`, `malformed`, `oversize`,
        and `cut` for a record the file ends in. Blank lines are nothing.

    Raises:
        Exception: Only what `blocks` raises, after all that was whole before it.
    """
    return _Splitter(_decoded(blocks)).pieces()


def _decoded(blocks: Iterable[bytes]) -> Iterator[str]:
    """Decode by the byte order mark; without one it is UTF-8."""
    source = iter(blocks)
    head = b""
    while len(head) < 3 and (block := next(source, None)) is not None:
        head += block
    mark, encoding = next((one for one in _MARKS if head.startswith(one[0])), (b"", "utf-8"))
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(head[len(mark) :])
    for block in source:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


class _Splitter:
    """The text not yet cut: `_text` from `_at` on; `_line` is the number of the line there."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._failure: Exception | None = None
        self._line_to = 0  # the end of the line, as far as it is known
        self._tried_to = 0  # up to here the line was tried as one object, and is none

    def pieces(self) -> Iterator[Piece]:
        while self._skip_between():
            yield from self._next()
        if self._failure is not None:
            raise self._failure

    def _next(self) -> Iterator[Piece]:
        """Take one record, or one line without any."""
        end = self._line_end()
        start = _START.search(self._text, self._at, end + 1)
        if start is None and end == len(self._text):
            self._line_to = 0  # a record may begin across the end of what is at hand
            end = self._line_end()
            start = _START.search(self._text, self._at, end + 1)
        if start is None:
            yield from self._junk(end)
            return
        self._at = start.start()
        if start[0] == "{":
            yield from self._json(end)
        else:
            yield from self._xml()

    # The text at hand.

    def _more(self) -> bool:
        """Add a block; False at the end. What was cut already is let go first."""
        if self._ended:
            return False
        try:
            block = next(self._blocks, None)
        except Exception as failure:  # noqa: BLE001  # it is raised when all before it is cut
            self._failure = failure
            block = None
        if block is None:
            self._ended = True
            return False
        self._text = self._text[self._at :] + block
        self._line_to = max(0, self._line_to - self._at)
        self._tried_to = max(0, self._tried_to - self._at)
        self._at = 0
        return True

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _skip_between(self) -> bool:
        """Go to the next record or line with something in it; False at the end."""
        while True:
            between = _BETWEEN.match(self._text, self._at)
            self._move(between.end() if between else self._at)
            if self._at < len(self._text):
                holder = self._holder()
                if holder is None:
                    return True
                self._move(holder)
            elif not self._more():
                return False

    def _holder(self) -> int | None:
        if self._text[self._at] != "{":
            return None
        while len(self._text) - self._at < _LONGEST_HOLDER and self._more():
            pass
        match = _HOLDER.match(self._text, self._at, self._at + _LONGEST_HOLDER)
        return match.end() if match else None

    def _line_end(self) -> int:
        """Find the end of the line, without its line feed, or of as much as a record may be."""
        if self._at < self._line_to:
            return self._line_to
        ready = 0
        while (end := self._text.find("\n", self._at + ready)) < 0:
            ready = len(self._text) - self._at
            if ready > LONGEST_RECORD or not self._more():
                end = len(self._text)
                break
        self._line_to = end
        return end

    # Lines without a record.

    def _junk(self, end: int) -> Iterator[Piece]:
        line = self._line
        known = _XML_FRAME.fullmatch(self._text, self._at, end)
        self._move(end)
        while self._at == len(self._text) and self._more():  # the rest of an endless line
            end = self._text.find("\n", self._at)
            self._move(len(self._text) if end < 0 else end)
        if known is None:
            yield Rejected(Reason.UNRECOGNISED, line)

    # JSON.

    def _json(self, end: int) -> Iterator[Piece]:
        """Take the object that begins here: the whole line, or to its closing brace."""
        if end > self._tried_to:
            self._tried_to = end
            written = self._text[self._at : end].rstrip(" \t\r,")
            value = _object(written) if len(written) <= LONGEST_RECORD else None
            if value is not None:
                self._move(end)
                yield Json(value)
                return
        line = self._line
        reason = self._scan()
        if isinstance(reason, Reason):
            yield Rejected(reason, line)
            return
        value = _object(reason)
        yield Rejected(Reason.MALFORMED, line) if value is None else Json(value)

    def _scan(self) -> str | Reason:
        """Go to the end of the object that begins here; give its text or what is wrong with it."""
        at, depth, in_string, oversize = self._at, 0, False, False
        while True:
            if at - self._at > LONGEST_RECORD:
                oversize = True
                self._move(at)
            token = (_INSIDE if in_string else _OUTSIDE).search(self._text, at)
            # A line feed or backslash at the very end waits for what follows it.
            if token is None or (token.end() == len(self._text) and token[0] in "\n\\"):
                ready = (len(self._text) if token is None else token.start()) - self._at
                if self._more():
                    at = self._at + ready
                    continue
                unended = not self._text.endswith("\n")
                self._move(len(self._text))
                return Reason.OVERSIZE if oversize else _at_end(unended=unended)
            at = token.end()
            match token[0]:
                case '"':
                    in_string = not in_string
                case "{" | "[":
                    depth += 1
                case "}" | "]":
                    depth -= 1
                    if depth == 0:
                        written = self._text[self._at : at]
                        self._move(at)
                        oversize = oversize or len(written) > LONGEST_RECORD
                        return Reason.OVERSIZE if oversize else written
                case "\n" if in_string or not _GOES_ON.match(self._text, at):
                    self._move(at)
                    return Reason.OVERSIZE if oversize else Reason.MALFORMED
                case _:
                    pass

    # XML.

    def _xml(self) -> Iterator[Piece]:
        """Take the event that begins here: to its end tag, or to where another begins."""
        line, oversize = self._line, False
        looked = self._at + 1
        while True:
            stop = _EVENT_STOP.search(self._text, looked)
            if stop is not None and not stop[0].startswith("</"):
                yield from self._damaged(stop.start(), line, oversize=oversize)
                return
            if stop is not None:
                written = self._text[self._at : stop.end()]
                self._move(stop.end())
                oversize = oversize or len(written) > LONGEST_RECORD
                yield Rejected(Reason.OVERSIZE, line) if oversize else Xml(written)
                return
            # A tag may lie across the border: look again from a little before it.
            ready = max(looked, len(self._text) - _LONGEST_TAG) - self._at
            if ready > LONGEST_RECORD:
                oversize = True
                self._move(self._at + ready)
                ready = 0
            if not self._more():
                yield from self._damaged(len(self._text), line, oversize=oversize)
                return
            looked = self._at + ready

    def _damaged(self, end: int, line: int, *, oversize: bool) -> Iterator[Piece]:
        """Give up an event without end, but not the JSON lines that stand after its first."""
        left = self._text[self._at : end]
        at_end = end == len(self._text)
        self._move(end)
        if oversize or len(left) > LONGEST_RECORD:
            yield Rejected(Reason.OVERSIZE, line)
            return
        unended = at_end and not left.endswith("\n")
        yield Rejected(_at_end(unended=unended), line)
        for following in left.split("\n")[1:]:
            if following.startswith("{"):
                value = _object(following.rstrip())
                if value is not None:
                    yield Json(value)


def _at_end(*, unended: bool) -> Reason:
    """Say what a record without end is: a file cut in a line has lost the rest of it."""
    return Reason.CUT if unended else Reason.MALFORMED


def _object(written: str) -> object:
    """Decode a JSON object; None when it is none."""
    try:
        value: object = msgspec.json.decode(written)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        value = _leniently(written)
    return value if isinstance(value, dict) else None


def _leniently(written: str) -> object:
    """Decode what strict JSON has no place for: lone surrogates, control characters.

    Windows' texts are UTF-16 without any promise, and shippers pass on what they hold.
    """
    if not written.endswith("}") or ("\\u" not in written and written.isprintable()):
        return None
    try:
        value: object = json.loads(written, strict=False)
    except (ValueError, RecursionError):
        return None
    return _scrubbed(value, 0)


def _scrubbed(value: object, depth: int) -> object:
    if depth > 32:  # no log nests deeper
        return None
    match value:
        case str():
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
        case dict():
            return {
                _scrubbed(key, depth + 1): _scrubbed(item, depth + 1) for key, item in value.items()
            }
        case list():
            return [_scrubbed(item, depth + 1) for item in value]
        case _:
            return value
