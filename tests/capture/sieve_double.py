"""A sieve for tests of the walk: what becomes of a frame stands in its last octet."""

import types
from typing import Any

import numba

from sensor.capture.stretch import Sieve
from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.reasons import Reason


def reason_of(frame: Frame) -> Reason:
    """Odd passes, a multiple of four is a message that is dropped, all else is dropped."""
    if not frame.data:
        return Reason.DROPPED_OTHER
    last = frame.data[-1]
    if last & 1:
        return Reason.WATCHED
    return Reason.DROPPED_OTHER if last & 2 else Reason.DROPPED_DNS


njit: Any = numba.njit  # its stubs do not know `_nrt`


def compiled(function: Any) -> Any:
    return njit(nogil=True, _nrt=False)(function)


@compiled
def judge(octets, start, stop, length, link, room):  # type: ignore[no-untyped-def]
    if start == stop:
        return 0
    last = octets[stop - 1]
    if last & 1:
        return 2
    return 0 if last & 2 else 1


def doubled(kernel: Any) -> Any:
    """Compile a walk anew, with the double in the place of the judge."""
    source = getattr(kernel, "py_func", kernel)
    names = {**source.__globals__, "judge": judge}
    return compiled(types.FunctionType(source.__code__, names, source.__name__))


SIEVE = Sieve(lambda: (0,), doubled(walk.walk_records), doubled(walk.walk_blocks), judge)
