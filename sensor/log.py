"""The operational log: event names and facts, on standard error.

JSON lines, or colours on a terminal. Alerts never pass through it.
"""

import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Log:
    """Writes lines of `level` (debug, info, warning, error) and graver.

    To `stream`, standard error if None. It is opened with its first line: structlog takes longer
    to import than a small replay does.
    """

    def __init__(self, level: str = "info", stream: TextIO | None = None) -> None:
        self._level = level
        self._stream = stream

    def warning(self, event: str, **facts: object) -> None:
        """Write what an operator should look into."""
        self._logger.warning(event, **facts)

    @cached_property
    def _logger(self) -> "FilteringBoundLogger":
        import structlog  # noqa: PLC0415  (see above)

        out = sys.stderr if self._stream is None else self._stream
        renderer: structlog.typing.Processor = (
            structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
        )
        logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.PrintLogger(out),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                renderer,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(self._level),
        )
        return logger
