"""How far a replay has come: a bar on standard error, where that is a terminal."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol, TypeVar

T = TypeVar("T", covariant=True)


class Measured(Protocol[T]):
    """Something to iterate that knows its octets; `octets_total` None where nobody does."""

    @property
    def octets_read(self) -> int: ...

    octets_total: int | None

    def __iter__(self) -> Iterator[T]: ...


# Items between two looks at how far it has come.
EVERY = 4096


@contextlib.contextmanager
def watched(captures: Measured[T]) -> Iterator[Iterator[T]]:
    """Hand on what it gives, with a bar beside them where somebody can see it.

    There is none for standard input, whose length nobody knows.
    """
    if not sys.stderr.isatty() or not captures.octets_total:
        yield iter(captures)
        return
    from rich.console import Console  # noqa: PLC0415  (0.1 s, and only here)
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("replay", total=captures.octets_total)

        def items() -> Iterator[T]:
            for number, item in enumerate(captures):
                if number % EVERY == 0:
                    progress.update(task, completed=captures.octets_read)
                yield item

        yield items()
