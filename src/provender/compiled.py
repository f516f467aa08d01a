"""Loops that are compiled, and give the bytes that the Python that they are written in gives.

Numba turns a function into machine code when it is first called. Nothing allows the compiler to
change sums: it adds in the order that is written, and the code is that of the first x86-64 CPUs,
which have no fused multiply-add: each product is rounded before it is added. So the code is the
same on every CPU. Code for newer CPUs was no faster with 8 labels, and a quarter with 200.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from provender.errors import UserError, lack_of_memory

if TYPE_CHECKING:
    import numpy as np

Loop = TypeVar("Loop", bound=Callable[..., Any])

# As LLVM names what every x86-64 CPU has.
CPU, FEATURES = "generic", "+sse2"


# What gives the dispatcher of each compiled loop, so that tests can look at all.
LOOPS: dict[Callable[..., Any], Callable[[], Any]] = {}

# Functions that loops of the same module call: compiled with each of these.
_INNER: set[Callable[..., Any]] = set()


def inner(function: Loop) -> Loop:
    """Return a function that compiled loops may call, which are in the same module."""
    _INNER.add(function)
    return function


def compiled(loop: Loop) -> Loop:
    """Return a loop over NumPy arrays that is compiled when it is first called.

    The machine code is kept: see ``_kept``. ``__wrapped__`` is the Python function. While the loop
    runs, other threads do. Raises UserError where Numba cannot be loaded.
    """
    get = cache(lambda: compile_loop(loop, keep=True))

    @wraps(loop)
    def call(*arguments: Any) -> Any:
        return get()(*arguments)

    LOOPS[call] = get
    return cast(Loop, call)


def fixed(array: "np.ndarray") -> "np.ndarray":
    """Return a read-only view: loops are compiled for each combination of what may be written."""
    view = array.view()
    view.flags.writeable = False
    return view


def compile_loop(loop: Callable[..., Any], keep: bool) -> Any:
    """Return Numba's dispatcher of a loop; ``keep``: whether its code outlives the process."""
    # Imported here, since it takes a third of a second, which only those pay who call a loop.
    try:
        import numba
    except (ImportError, OSError) as error:
        if lack := lack_of_memory(error):
            raise MemoryError(str(lack)) from error
        raise UserError(
            f"Numba, which compiles the loops of training, cannot be loaded: {error}. Install the "
            "packages anew, with make setup or provender setup"
        ) from error
    config: Any = numba.config
    config.CPU_NAME, config.CPU_FEATURES = CPU, FEATURES
    config.CACHE_LOCATOR_CLASSES = f"{Locator.__module__}.{Locator.__qualname__}"
    keep = keep and os.access(_kept(), os.W_OK)
    return _compile(loop, numba.njit(cache=keep, error_model="numpy", nogil=True))


def _compile(loop: Callable[..., Any], compiler: Callable[..., Any]) -> Any:
    """Compile a loop after the inner functions that it names."""
    named = {name: loop.__globals__.get(name) for name in loop.__code__.co_names}
    called = {
        name: _compile(value, compiler)
        for name, value in named.items()
        if isinstance(value, types.FunctionType) and value in _INNER
    }
    # The loop itself sees Python's functions, which tests run it with.
    found = types.FunctionType(loop.__code__, {**loop.__globals__, **called}, loop.__name__)
    found.__module__, found.__qualname__ = loop.__module__, loop.__qualname__
    return compiler(found)


@dataclass(frozen=True)
class Locator:
    """Where Numba keeps the machine code of a loop, and when it is of use no more.

    Numba calls it by the names that its own locators have. By content, not by path and time, so
    that copies can share the code and an image can carry it.
    """

    line: int
    stamp: str

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> Self:
        """Return the one of a function that is in a file."""
        content = Path(file).read_bytes()
        return cls(function.__code__.co_firstlineno, hashlib.sha256(content).hexdigest())

    def get_cache_path(self) -> str:
        """Return the folder, which is of one content of the loop's file."""
        return str(_kept() / self.stamp[:16])

    def ensure_cache_path(self) -> None:
        """Make it."""
        Path(self.get_cache_path()).mkdir(parents=True, exist_ok=True)

    def get_source_stamp(self) -> str:
        """Return what changes where the loop may have changed."""
        return self.stamp

    def get_disambiguator(self) -> str:
        """Return what tells loops of one name apart."""
        return str(self.line)


@cache
def _kept() -> Path:
    """Return the folder for machine code; it cannot be written where none can be kept.

    With the installed packages, so that it is made once for all copies of this project that run by
    them; where these cannot be written, in the user's cache, which begins with what is there. Numba
    does not look how a loop was to be compiled: so the folder's name is of this file's content.
    """
    name = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    common = Path(sys.prefix, "share", "provender", name)
    own = Path(_user_caches(), "provender", name)
    if _can_write(common):
        return common
    if not own.exists() and common.exists() and _can_write(own.parent):
        part = Path(tempfile.mkdtemp(dir=own.parent))
        shutil.copytree(common, part, dirs_exist_ok=True)
        # Another process may have been first.
        with suppress(OSError):
            part.rename(own)
        shutil.rmtree(part, ignore_errors=True)
    return own if _can_write(own) else common


def _user_caches() -> str:
    """Return the folder for caches; by the XDG Base Directory Specification."""
    # Without a name for the user, HOME is all there is.
    return os.environ.get("XDG_CACHE_HOME") or f"{os.environ.get('HOME', '')}/.cache"


def _can_write(folder: Path) -> bool:
    """Tell whether files can be made in a folder, which is made if it is not there."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)
