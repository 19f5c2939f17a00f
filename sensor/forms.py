"""How values are written in configuration and rules, where their type alone does not say.

A form is an annotated type: plain `int` or `str` to whoever uses the value. To `sensor.document`
its annotation carries the function that takes what YAML made of the text and returns the value;
what it raises, a ValueError, says in one line what was expected, what was there, what would be
right. `schema` writes the same types as JSON Schema.
"""

import inspect
import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from sensor.stage import HOUR, MILLISECOND, MINUTE, SECOND, Nanoseconds

UNITS: Final = {
    "d": 24 * HOUR,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": MILLISECOND,
}

# A deadline is an event's time, 2200 at the latest, and a duration: it stays far below END.
LONGEST_DURATION: Final = 366 * UNITS["d"]

_DURATION: Final = re.compile(r"^([0-9]{1,12})(ms|s|m|h|d)$")
_LISTEN: Final = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})$")
# C0 and C1 controls, line separators, and surrogates, which no encoding can write.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHOWN: Final = 80  # characters of a wrong value that are worth repeating

Form: TypeAlias = Callable[[object], Any]


def got(value: object) -> str:
    """Show a value as a person may have written it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    shown = str(value)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    return f'"{shown}"' if isinstance(value, str) else shown


def one_line(written: str) -> str:
    """Replace what would break a line, or the terminal it is shown on."""
    return _CONTROL.sub("?", written)


def text(value: object) -> str:
    """Take one line of text that is not empty and holds no control character."""
    if not isinstance(value, str):
        hint = "" if value is None else "; put it in quotes"
        raise ValueError(f"expected text, got {got(value)}{hint}")  # noqa: TRY004
    line = value.strip()  # a folded block ends in a line break
    if not line or _CONTROL.search(line):
        raise ValueError(f"expected one line of text, got {got(value)}")
    return line


def prose(value: object) -> str:
    """Take text of one or more lines; return it as one."""
    return text(" ".join(value.split()) if isinstance(value, str) else value)


def duration(value: object) -> Nanoseconds:
    """Read `500ms`, `15s`, `5m`, `1h`, `2d`: a whole number and its unit."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        number = isinstance(value, int) and not isinstance(value, bool)
        hint = f"; did you mean {value}s?" if number else ""
        raise ValueError(
            f"expected a duration such as 500ms, 15s, 5m, 1h or 2d, got {got(value)}{hint}"
        )
    length = int(found[1]) * UNITS[found[2]]
    if length > LONGEST_DURATION:
        raise ValueError(f"expected at most {spell(LONGEST_DURATION)}, got {value}")
    return length


def spell(length: Nanoseconds) -> str:
    """Write a duration in the largest unit that leaves no rest: the inverse of `duration`."""
    for unit, size in UNITS.items():
        if length and length % size == 0:
            return f"{length // size}{unit}"
    return f"{length // MILLISECOND}ms"


def network(value: object) -> str:
    """Read an address or a network in CIDR form; return its canonical text (RFC 5952).

    A single address has no prefix length, an IPv4-mapped one is IPv4.
    """
    written = text(value)
    try:
        given = ipaddress.ip_interface(written)
    except ValueError:
        raise ValueError(
            f"expected an address or a network such as 10.20.31.0/28, got {got(value)}"
        ) from None
    if given.network.prefixlen < given.max_prefixlen:
        if given.ip != given.network.network_address:
            raise ValueError(
                f"expected a network's first address, got {got(value)}; "
                f'did you mean "{given.network}" or "{given.ip}"?'
            )
        return str(given.network)
    if "%" in written:
        raise ValueError(f"expected an address without zone, got {got(value)}")
    mapped = given.ip.ipv4_mapped if isinstance(given.ip, ipaddress.IPv6Address) else None
    return str(mapped or given.ip)


def port(value: object) -> int:
    """Take a port number."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 0xFFFF:
        raise ValueError(f"expected a port, 1 to 65535, got {got(value)}")
    return value


def listen(value: object) -> str:
    """Take an address or host name and a port: `127.0.0.1:9477`, `[::1]:9477`."""
    found = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[2]) <= 0xFFFF:
        raise ValueError(f"expected an address and a port such as 127.0.0.1:9477, got {got(value)}")
    return found[0]


def computer(value: object) -> str:
    """Take a computer's name, full or only its first label; return it in lower case."""
    name = text(value).rstrip(".").lower()
    if not name or any(character.isspace() for character in name):
        raise ValueError(f"expected a computer's name such as FIN-WS-0231, got {got(value)}")
    return name


def annotate(form: Form, **schema: object) -> msgspec.Meta:
    """Make the annotation that carries a form, and what the JSON Schema says of it."""
    return msgspec.Meta(extra={"form": form}, extra_json_schema=schema or None)


Text = Annotated[str, annotate(text, minLength=1)]
Duration = Annotated[Nanoseconds, annotate(duration, pattern=_DURATION.pattern)]
Network = Annotated[str, annotate(network, examples=["10.20.30.41", "10.20.31.0/28"])]
Port = Annotated[int, annotate(port, minimum=1, maximum=0xFFFF)]
Listen = Annotated[str, annotate(listen, pattern=_LISTEN.pattern)]
Computer = Annotated[str, annotate(computer, minLength=1)]


def schema(of: type[msgspec.Struct]) -> dict[str, Any]:
    """Write a type as JSON Schema, as its values are written in YAML: durations are text."""
    written: dict[str, Any] = msgspec.json.schema(of)
    for definition in written["$defs"].values():
        definition["description"] = inspect.cleandoc(definition["description"])
        for key in definition["properties"].values():
            if key.get("pattern") == _DURATION.pattern:
                key["type"] = "string"
                key["default"] = spell(key["default"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **written}
