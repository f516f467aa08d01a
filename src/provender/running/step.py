"""The command line that every step shares: options, log, receipt, exit code."""

import argparse
import contextlib
import ctypes
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from provender import INTERRUPTED, determinism, errors
from provender.console import log
from provender.errors import Unavailable, UserError
from provender.running import receipt

# Keeps a docstring's own lines in --help.
HelpFormatter = argparse.RawDescriptionHelpFormatter

# What the user can mend by another path or by rights, on the command line or on disk.
WRONG_PATH = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)

# glibc's number of the size from which memory is asked of the system, and goes back to it; and that
# size in bytes. By itself it grows to 32 MB, and each thread keeps some of what it has let go of.
M_MMAP_THRESHOLD, OWN_PAGES = -3, 1 << 20


def run(
    parser: argparse.ArgumentParser,
    work: Callable[[argparse.Namespace], None],
    arguments: list[str] | None = None,
    receipts: bool = True,
) -> int:
    """Parse ``arguments``, do ``work`` and return the exit code.

    Pins the environment. Adds ``--log FILE``; what is logged goes to standard error and to
    that file. ``receipts`` says that this is a step of the workflow, not another command: it
    adds ``--receipt FILE``, written to record the digests of ``--inputs`` and ``--outputs``,
    and keeps Arrow from importing pandas.
    Exit codes: 0 done, 1 an error that the user can mend, 3 something cannot be
    reached, 130 interrupted. Any other exception is a defect and passes through.
    """
    parser.add_argument("--log", metavar="FILE", help="also write the log lines to this file")
    if receipts:
        _add_receipt(parser)
    options = parser.parse_args(arguments)
    determinism.pin_environment()
    handlers = _open_log(Path(parser.prog).stem, options.log)
    try:
        with contextlib.ExitStack() as around:
            if receipts:
                around.enter_context(determinism.without_pandas())
                around.enter_context(_receipt(options))
            work(options)
        return 0
    except Unavailable as error:
        log.error("error: %s", error)
        return 3
    except UserError as error:
        log.error("error: %s", error)
        return 1
    except Exception as error:
        said = _describe(error)
        if not said:
            raise
        log.error("error: %s", said)
        return 1
    except KeyboardInterrupt:
        log.error(INTERRUPTED)
        return 130
    finally:
        for handler in handlers:
            log.removeHandler(handler)
            handler.close()


def give_back_memory() -> None:
    """Let what arrays have taken go back to the system when they are gone, from now on.

    For steps that go from batch to batch; where arrays are many and short-lived, it takes time.
    Other C libraries than glibc have no such setting.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, OWN_PAGES)


def _describe(error: Exception) -> str | None:
    """Say what the surroundings lack that a step needs; nothing of a defect."""
    if isinstance(error, OSError):
        if error.errno in errors.NO_SPACE:
            return errors.no_space(error.filename, os.strerror(error.errno))
        # Without a number where a library found the file missing or not what it reads.
        if isinstance(error, WRONG_PATH) or error.errno is None:
            return f"cannot read or write: {error}. Check the path and its rights, then run again"
    return errors.no_memory(error) if errors.lack_of_memory(error) else None


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--receipt", metavar="FILE", help="record here what was read and written")
    for option, what in (("--inputs", "read, with the code"), ("--outputs", "written")):
        parser.add_argument(
            option, metavar="FILE", nargs="*", default=[], help=f"what the receipt names as {what}"
        )


def _receipt(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    if not options.receipt:
        return contextlib.nullcontext()
    command = ["python", *sys.argv]
    return receipt.writing(options.receipt, command, options.inputs, options.outputs)


class _LogFile(logging.FileHandler):
    """A log file whose failure, as on a full disk, does not hide the step's own message."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: standard error has the line too."""

    def close(self) -> None:
        """Close the file, whether or not its last lines can be written."""
        with contextlib.suppress(OSError):
            super().close()


def _open_log(name: str, path: str | None) -> list[logging.Handler]:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_LogFile(path, mode="w", encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(f"{name}: %(message)s"))
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    return handlers
