"""Loops that are compiled, and give the bytes that the Python that they are written in gives.

Numba turns a function into machine code when it is first called. Nothing allows the compiler to
change sums: it adds in the order that is written, and the code is that of the first x86-64 CPUs,
which have no fused multiply-add: each product is rounded before it is added. So the code is the
same on every CPU. Code for newer CPUs was no faster with 8 labels, and a quarter with 200.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from provender.errors import UserError

Loop = TypeVar("Loop", bound=Callable[..., None])

# As LLVM names what every x86-64 CPU has.
CPU, FEATURES = "generic", "+sse2"


# What gives the dispatcher of each compiled loop, so that tests can look at all.
LOOPS: dict[Callable[..., None], Callable[[], Any]] = {}


def compiled(loop: Loop) -> Loop:
    """Return a loop over NumPy arrays that is compiled when it is first called.

    The machine code is kept where Python keeps its own, beside this file, if that may be written.
    ``__wrapped__`` is the Python function. Raises UserError where Numba cannot be loaded.
    """
    get = cache(lambda: compile_loop(loop, os.access(_kept(), os.W_OK)))

    @wraps(loop)
    def call(*arguments: Any) -> None:
        get()(*arguments)

    LOOPS[call] = get
    return cast(Loop, call)


def compile_loop(loop: Callable[..., None], keep: bool) -> Any:
    """Return Numba's dispatcher of a loop; ``keep``: whether its code outlives the process."""
    # Imported here, since it takes a third of a second, which only those pay who call a loop.
    try:
        import numba
    except (ImportError, OSError) as error:
        raise UserError(
            f"Numba, which compiles the loops of training, cannot be loaded: {error}. Install the "
            "packages anew, with make setup or provender setup"
        ) from error
    config: Any = numba.config
    config.CPU_NAME, config.CPU_FEATURES = CPU, FEATURES
    config.CACHE_DIR = str(_kept())
    return numba.njit(loop, cache=keep, error_model="numpy")


@cache
def _kept() -> Path:
    """Return the folder for machine code; it is not there where it cannot be made.

    Numba looks whether a loop's own file has changed, but not how it was to be compiled: so the
    folder's name is of this file's content.
    """
    own = Path(__file__)
    folder = own.parent / "__pycache__" / hashlib.sha256(own.read_bytes()).hexdigest()[:16]
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder
