"""Runs one stage of dvc.yaml: the command that the Snakefile has for its job now."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from provender import tool
from provender.errors import UserError
from provender.running import graph
from provender.running.code_files import NODE_LOCK
from provender.versioning import dvc_yaml


def run(rule: str, values: Sequence[str]) -> None:
    """Replace this process by the command of the job of ``rule`` with these wildcard values.

    ``values`` are written as ``name=value``. Raises UserError where the Snakefile has no such
    job, and where dvc.yaml is not what it would be generated as: DVC would then record other
    files than were read and written.
    """
    overlays = dvc_yaml.overlays()
    jobs = graph.read_cached(overlays)
    dvc_yaml.check(jobs, overlays)
    wanted = dict(value.partition("=")[::2] for value in values)
    found = [job for job in jobs if (job.rule, job.wildcards) == (rule, wanted)]
    if not found:
        names = ", ".join(job.name for job in jobs)
        raise UserError(f"the Snakefile has no job {' '.join([rule, *values])}: there are {names}")
    words = shlex.split(found[0].command)
    sys.stdout.flush()
    os.execvpe(words[0], words, {**os.environ, **_own_code()})


def _own_code() -> dict[str, str]:
    """Return what has a step run the code of this folder, where that is a copy of the tool.

    DVC's queue copies what git has, of the tool's own repository the code as well. Of the same
    lock file the packages of the page are those of the tool that runs; they are linked.
    """
    here = Path(tool.MODULES).resolve()
    if not tool.is_here() or here == tool.PACKAGE:
        return {}
    packages, there = Path("web/node_modules"), tool.place("web/node_modules")
    lock = tool.place(NODE_LOCK)
    if not packages.exists() and lock.read_bytes() == Path(NODE_LOCK).read_bytes():
        packages.symlink_to(there)
    return {"PYTHONPATH": str(here.parent)}
