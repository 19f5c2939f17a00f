"""Itemised risk: why a finding weighs what it weighs. The points are the rule's."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from sensor.attribution.values import FollowOn, Status
from sensor.endpoint.processes import Process, base_name
from sensor.rules.genuine import is_unusual_path
from sensor.rules.rule import Rule

HIGHEST: Final = 100

# Programs that run what a script says: the image tells nothing of the author.
SCRIPT_HOSTS: Final = frozenset(
    {
        "bash.exe",
        "cmd.exe",
        "cscript.exe",
        "mshta.exe",
        "node.exe",
        "powershell.exe",
        "powershell_ise.exe",
        "pwsh.exe",
        "python.exe",
        "pythonw.exe",
        "wscript.exe",
    }
)

# Programs that open documents and start nothing that resolves names by itself.
OFFICE: Final = frozenset(
    {
        "eqnedt32.exe",
        "excel.exe",
        "msaccess.exe",
        "mspub.exe",
        "onenote.exe",
        "outlook.exe",
        "powerpnt.exe",
        "visio.exe",
        "winword.exe",
    }
)


class Circumstances(msgspec.Struct, frozen=True):
    """What the reasons look at."""

    status: Status
    process: Process | None = None
    masquerade: bool = False
    follow_on: FollowOn | None = None


def _image(of: Circumstances) -> str:
    return ((of.process and of.process.name) or "").lower()


def _parent(of: Circumstances) -> str:
    return ((of.process and base_name(of.process.parent_image)) or "").lower()


# The reason's code (as a rule's `risk` has it) and when it holds; in the order they are told.
REASONS: Final[Mapping[str, Callable[[Circumstances], bool]]] = {
    "base": lambda _: True,
    "masquerade": lambda of: of.masquerade,
    "covered_but_silent": lambda of: of.status is Status.COVERED_BUT_SILENT,
    "script_host": lambda of: _image(of) in SCRIPT_HOSTS,
    "office_parent": lambda of: _parent(of) in OFFICE,
    "unusual_path": lambda of: of.process is not None and is_unusual_path(of.process.image),
    "follow_on_connection": lambda of: of.follow_on is not None,
}


def reasons(rule: Rule, of: Circumstances) -> tuple[tuple[str, int], ...]:
    """List the reasons that hold, each with the rule's points; none of 0 points."""
    return tuple(
        (code, rule.risk[code]) for code, holds in REASONS.items() if holds(of) and rule.risk[code]
    )


def join(itemised: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Make one list of several findings' reasons: each code once, in the order of `REASONS`."""
    points = dict(itemised)
    return tuple((code, points[code]) for code in REASONS if code in points)


def score(itemised: tuple[tuple[str, int], ...]) -> int:
    """Add the points up, 100 at most."""
    return min(HIGHEST, sum(points for _, points in itemised))
