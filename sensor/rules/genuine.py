"""Is it the program its file name says? A file name alone is no proof (DESIGN §2.5).

A process that a rule exempts by name is genuine unless something known of it contradicts: the
OriginalFileName or company of its event 1, or a path where no installer puts a program.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Final

from sensor.endpoint.processes import Process, base_name
from sensor.rules.rule import Rule

# Folders that anybody may write to and that installers only pass through, in lower case.
UNUSUAL: Final = frozenset(
    {"temp", "tmp", "downloads", "programdata", "$recycle.bin", "recycler", "$recycler"}
)


def is_exempt_by_name(rule: Rule, image: str | None) -> bool:
    """Compare an event's own image with the rule's exempt names, without case.

    `<unknown process>` is never exempt, even where event 1 names it later.
    """
    name = _program(image)
    return any(name == exempt.process_name.lower() for exempt in rule.exempt)


@lru_cache(maxsize=65_536)  # the images of one feed
def _program(image: str | None) -> str:
    return (base_name(image) or "").lower()


def contradiction(rule: Rule, process: Process) -> str | None:
    """Name what contradicts an exempt process' name: the field, or `path`; None if nothing."""
    original = process.original_file_name
    names = rule.genuine.original_file_name or tuple(e.process_name for e in rule.exempt)
    if original is not None and original.lower() not in {name.lower() for name in names}:
        return "original_file_name"
    companies = {company.lower() for company in rule.genuine.company}
    if process.company is not None and companies and process.company.lower() not in companies:
        return "company"
    return "path" if is_unusual_path(process.image) else None


def is_confirmed(rule: Rule, process: Process) -> bool:
    """Say whether event 1 bears the name out: what a `strict` rule asks for.

    One field that the rule lists is enough; Telegram Desktop states a company and leaves the
    OriginalFileName out.
    """
    stated = process.original_file_name is not None or (
        process.company is not None and bool(rule.genuine.company)
    )
    return stated and contradiction(rule, process) is None


@lru_cache(maxsize=65_536)
def is_unusual_path(image: str | None) -> bool:
    r"""Say whether a program lies where no installer puts one.

    The folder `public` counts under `users` only: `C:\Users\Public`.
    """
    folders = (image or "").lower().replace("/", "\\").split("\\")[:-1]
    public = ("users", "public") in pairwise(folders)
    return public or not UNUSUAL.isdisjoint(folders)
