"""Run the project's JavaScript with the Node that came with the environment."""

import shutil
import subprocess
from pathlib import Path

from provender.errors import UserError


def run(script: str, *arguments: str | Path) -> None:
    """Run ``web/<script>``; what it prints goes where this process prints.

    Raises UserError where Node or the installed packages are missing, or where the
    script fails: it has said why by then.
    """
    node = shutil.which("node")
    if node is None:
        raise UserError("there is no node on the PATH: run make, or activate .venv")
    if not Path("web/node_modules").is_dir():
        raise UserError("web/node_modules is missing: run make, or npm ci in web/")
    command = [node, f"web/{script}", *map(str, arguments)]
    code = subprocess.run(command, check=False).returncode
    if code:
        raise UserError(f"web/{script} ended with exit code {code}; its message stands above")
