"""Compile a kernel with numba, once for each version of it, and keep the machine code on disk.

numba's cache notices neither an edit in another module whose kernel is part of this one, nor a
change of NUMBA_BOUNDSCHECK. So each version of this folder, and each of those switches, has a
folder of its own in the cache.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import numba
import numpy as np
from numba.core import config as _config
from numpy.typing import NDArray

import sensor

# What kernels take and give, for readers and mypy. numba goes by the values: an Integer is int64,
# in siphash uint64, and outside the kernels any of Python's and numpy's.
Octets: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]
Integers: TypeAlias = NDArray[np.int64]
Integer: TypeAlias = Any
Pair: TypeAlias = tuple[Integer, Integer]
Following: TypeAlias = tuple[Integer, Integer, Integer]
State: TypeAlias = tuple[Integer, Integer, Integer, Integer]

config: Final[Any] = _config  # its stubs know a part of what it has
jit: Final[Any] = numba.njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_HERE: Final = Path(__file__).parent

# Switches that change what is compiled.
_SWITCHES: Final = (config.BOUNDSCHECK, config.DISABLE_JIT)


def _roots() -> Iterator[Path]:
    """Name the folders to keep compiled code in: as told, beside the package, in the home."""
    told = os.environ.get("NUMBA_CACHE_DIR")
    if told:
        yield Path(told)
    yield _HERE / "__pycache__"
    with contextlib.suppress(RuntimeError):  # who has no home
        yield Path("~/.cache/dns-sensor").expanduser()


def _made(folder: Path) -> bool:
    """Make a folder, and say whether it can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _version() -> str:
    """Name what the compiled code depends on, apart from the processor, which numba minds."""
    digest = hashlib.blake2b(repr((numba.__version__, _SWITCHES)).encode(), digest_size=8)
    for source in sorted(_HERE.glob("*.py")):
        digest.update(source.read_bytes())
    return f"sieve-{sensor.__version__}-{digest.hexdigest()}"


# Where compiled code is kept; nowhere, if none of the folders can be written to: numba would raise.
FOLDER: Final = next(filter(_made, (root / _version() for root in _roots())), None)
if FOLDER is not None:
    config.CACHE_DIR = str(FOLDER)  # numba looks here at each decoration

if config.DISABLE_JIT:
    np.seterr(over="ignore")  # numbers wrap around in kernels, and numpy warns of it outside them


def kernel(function: Kernel) -> Kernel:
    """Compile a function at its first call.

    It holds no lock, so threads run it side by side, and counts no references (`_nrt`, a private
    switch that is three times as fast and allows no allocation): it must make no array.
    """
    compiled: Kernel = jit(nogil=True, _nrt=False, cache=FOLDER is not None)(function)
    return compiled


def part(function: Kernel) -> Kernel:
    """Compile a function that kernels alone call, without what Python needs to call it.

    That would take as long to compile as the function. Where numba is off, it can be called.
    """
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    is_kept = FOLDER is not None
    compiled: Kernel = jit(nogil=True, _nrt=False, cache=is_kept, **options)(function)
    return compiled


def is_warm() -> bool:
    """Say whether compiled code is there; if not, the first call takes seconds."""
    return bool(config.DISABLE_JIT) or (FOLDER is not None and any(FOLDER.rglob("*.nbc")))
