"""What a plain ``pip install`` leaves out of the environment, brought by lock files with hashes.

The converter asks for packages that it does not need and for versions that fit no others, which
pip alone cannot be told; and the page's packages are Node's.
"""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from provender import tool
from provender.console import log
from provender.errors import Unavailable
from provender.running import code_files

# What the wheel does not ask for.
CONVERTER = "tensorflowjs"

# A requirement of a lock file, with the hashes below it.
REQUIREMENT = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==\S+ .*\n(?:    .*\n)*", re.MULTILINE)

# Made after all else, so that its absence tells of a run that was ended.
PACKAGES = "web/node_modules/.package-lock.json"

# What TensorFlow.js is made of, and its source maps: its one-file build, which alone is used, has
# all of it inside.
UNUSED = ("@tensorflow/tfjs-*", "@tensorflow/tfjs/dist/*.map")

# Lines of a failed command's output that are shown.
SHOWN_LINES = 5


def is_complete() -> bool:
    """Tell whether all is there that a build needs."""
    has_converter = importlib.util.find_spec(CONVERTER) is not None
    return has_converter and tool.place(PACKAGES).is_file()


def complete() -> None:
    """Bring every installed package to the version of the lock file, then what is missing.

    Raises Unavailable where the registries are out of reach, or what they have is refused.
    """
    text = tool.place(code_files.PYTHON_LOCK).read_text(encoding="utf-8")
    if wanted := [match[0] for match in REQUIREMENT.finditer(text) if _is_due(match[0])]:
        log.info("installing %d Python packages of %s", len(wanted), code_files.PYTHON_LOCK)
        with tempfile.TemporaryDirectory(prefix="provender-setup-") as folder:
            lock = Path(folder, "requirements.txt")
            lock.write_text("".join(wanted), encoding="utf-8")
            options = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)]
            _run([*_pip(), *options], Path(folder))
    if not tool.place(PACKAGES).is_file():
        log.info("installing the page's packages of %s", code_files.NODE_LOCK)
        web = tool.place("web")
        _run([_program("npm"), "ci", "--no-fund", "--no-audit"], web)
        for pattern in UNUSED:
            for path in (web / "node_modules").glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    tool.place(PACKAGES).touch()


def _is_due(requirement: str) -> bool:
    """Tell whether a package of the lock file has to be installed: what is there, and one more."""
    name, version = requirement.split(" ")[0].split("==")
    name = name.split("[")[0]
    try:
        return metadata.version(name) != version
    except metadata.PackageNotFoundError:
        return name == CONVERTER


def _pip() -> list[str]:
    """Return the command that knows this user's registry: pip, if the environment has it."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    return [_program("uv"), "pip", "--python", sys.executable]


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-SHOWN_LINES:])
        called = shlex.join([Path(command[0]).name, *command[1:4]])
        raise Unavailable(
            f"{called} … failed, in {folder}:\n{said}\nCheck the network "
            "and that the folder may be written, then run provender setup"
        )
