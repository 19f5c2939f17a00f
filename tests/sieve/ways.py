"""Which ways through the kernels an input takes: from line to line, as Python runs them.

Only where numba compiles nothing (NUMBA_DISABLE_JIT=1) are kernels functions that can be traced.
"""

import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any, Final, TypeAlias

from sensor.sieve import frame, headers, message, readings, siphash, tunnels, walk

MODULES: Final[tuple[ModuleType, ...]] = (
    frame,
    headers,
    message,
    readings,
    siphash,
    tunnels,
    walk,
)

# A line of a function, and the one before it.
Step: TypeAlias = tuple[str, int, int]


def _codes() -> dict[CodeType, str]:
    """The code of all kernels, under a name."""
    found = {}
    for module in MODULES:
        for name, value in vars(module).items():
            code = getattr(value, "__code__", None)
            if code is not None and value.__module__ == module.__name__:
                found[code] = f"{module.__name__}.{name}"
    return found


CODES: Final = _codes()


def lines() -> set[tuple[str, int]]:
    """All lines of all kernels that do anything."""
    return {
        (name, line)
        for code, name in CODES.items()
        for _, _, line in code.co_lines()
        if line is not None and line > code.co_firstlineno
    }


def taken(run: Callable[[], object]) -> set[Step]:
    """Run something, and give the steps that it took through the kernels."""
    steps: set[Step] = set()

    def enter(outer: FrameType, _what: str, _argument: object) -> Any:
        name = CODES.get(outer.f_code)
        if name is None:
            return None
        last = 0

        def follow(inner: FrameType, what: str, _argument: object) -> Any:
            nonlocal last
            if what == "line":
                steps.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return follow

        return follow

    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(None)
    return steps
