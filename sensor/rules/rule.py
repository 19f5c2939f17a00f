"""A rule: which names are watched, who may ask for them, what a finding is worth.

A rule is one file in `config/rules/`; only `id` and `names` are needed. `sensor.config` reads it
into this value, `sensor.rules.judge` applies it.
"""

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, field

from sensor.dns.names import canonical
from sensor.forms import Text, annotate, got, prose, text

EVERY: Final = "*"

_SLUG: Final = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
_TECHNIQUE: Final = re.compile(r"^T[0-9]{4}(?:\.[0-9]{3})?$")
_URL: Final = re.compile(r"^https?://[^\s/]+(?:/\S*)?$")
_ID_LENGTH: Final = 64  # it names files, tags and metrics


def watched(value: object) -> str:
    """Read a name to watch: `api.telegram.org`, `.example.org`, or `*`.

    Returns:
        The name in the package's canonical text. A leading dot stands for every name under what
        follows, but not itself; `*` for every name.

    Raises:
        ValueError: In one line, what was expected and what would be right.
    """
    name = text(value)
    if name == EVERY:
        return EVERY
    if not name.isascii():
        raise ValueError(f"expected a name in ASCII, got {got(value)}{_punycode(name)}")
    if "://" in name or any(character.isspace() for character in name):
        raise ValueError(f"expected a name such as api.telegram.org, got {got(value)}")
    if name.startswith("*."):
        raise ValueError(f'expected a name, got {got(value)}; did you mean "{name[1:]}"?')
    below = name.startswith(".")
    if name == ".":
        raise ValueError(f'expected a name, got {got(value)}; for every name write "{EVERY}"')
    try:
        return "." + canonical(name[1:]) if below else canonical(name)
    except ValueError as error:
        raise ValueError(f"expected a DNS name, got {got(value)}: {error}") from None


def _punycode(name: str) -> str:
    try:
        return f'; write it as "{name.encode("idna").decode()}"'
    except UnicodeError:
        return "; write it in punycode (xn--…)"


def _slug(value: object) -> str:
    slug = text(value)
    if len(slug) > _ID_LENGTH or not _SLUG.fullmatch(slug):
        raise ValueError(
            f"expected lower-case letters, digits and single hyphens, at most {_ID_LENGTH}, "
            f"got {got(value)}"
        )
    return slug


def _version(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else text(value)


def _file_name(value: object) -> str:
    """Take a program's file name without path; Windows compares them without case."""
    name = text(value).lower()
    if "\\" in name or "/" in name:
        raise ValueError(
            f"expected a file name without its path, such as telegram.exe, got {got(value)}"
        )
    return name


def _technique(value: object) -> str:
    technique = text(value)
    if not _TECHNIQUE.fullmatch(technique):
        raise ValueError(f"expected an ATT&CK id such as T1102 or T1102.002, got {got(value)}")
    return technique


def _url(value: object) -> str:
    url = text(value)
    if not _URL.fullmatch(url):
        raise ValueError(f"expected an address such as https://example.org/, got {got(value)}")
    return url


Slug = Annotated[str, annotate(_slug, pattern=_SLUG.pattern, maxLength=_ID_LENGTH)]
Version = Annotated[str, annotate(_version)]
Watched = Annotated[str, annotate(watched, minLength=1)]
FileName = Annotated[str, annotate(_file_name, minLength=1)]
Technique = Annotated[str, annotate(_technique, pattern=_TECHNIQUE.pattern)]
Url = Annotated[str, annotate(_url, pattern=_URL.pattern)]
Prose = Annotated[str, annotate(prose)]
Points = Annotated[int, Meta(ge=0, le=100)]


class Exempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process that may ask: its image's base name, lower case."""

    process_name: FileName = field(name="process.name")


class Genuine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What event 1 says of the genuine program: any of these, compared without case.

    What it says otherwise contradicts an exempt name; what it leaves out contradicts nothing. An
    empty list says nothing.
    """

    original_file_name: tuple[FileName, ...] = ()
    company: tuple[Text, ...] = ()


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The points of each reason, by its code; `base` is what any finding has."""

    base: Points = 36
    masquerade: Points = 30
    covered_but_silent: Points = 20
    script_host: Points = 15
    office_parent: Points = 14
    unusual_path: Points = 10
    follow_on_connection: Points = 8

    def __getitem__(self, code: str) -> int:
        """Look up a reason's points; KeyError for a code that is no field."""
        if code not in self.__struct_fields__:
            raise KeyError(code)
        points: int = getattr(self, code)
        return points


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule.

    `names` are canonical (see `watched`). `title` is the id where the rule has none. `attack` are
    ATT&CK ids, `references` addresses, the first one being the alert's. `strict` exempts a process
    only when its event 1 bears out what `genuine` says.
    """

    id: Slug
    names: Annotated[tuple[Watched, ...], Meta(min_length=1)]
    version: Version = "1"
    title: Text = field(default_factory=str)
    why: Prose = field(default_factory=str)
    exempt: tuple[Exempt, ...] = ()
    genuine: Genuine = field(default_factory=Genuine)
    references: tuple[Url, ...] = ()
    attack: tuple[Technique, ...] = ()
    risk: Risk = field(default_factory=Risk)
    strict: bool = False

    def __post_init__(self) -> None:
        """Let the id stand for a title that is not given."""
        if not self.title:
            msgspec.structs.force_setattr(self, "title", self.id)
