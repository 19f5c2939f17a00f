"""What goes wrong outside the core: each error is one line a person can act on, and an exit code.

The core raises none of these: what is wrong with a packet is an `Anomaly`, what is wrong with a
log record a counted reason.
"""

from typing import ClassVar


class SensorError(Exception):
    """The base of all errors that end a run; `str()` of it is what the user reads."""

    exit_code: ClassVar[int] = 1


class OutputError(SensorError):
    """Standard output or a file that cannot be written."""


class UsageError(SensorError):
    """A command line that cannot be carried out as written."""

    exit_code: ClassVar[int] = 2


class ConfigError(SensorError):
    """All that is wrong with the configuration and its rules.

    Args:
        problems: One line each: `file:line: key.path: what was wrong; what would be right`.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)
