"""Receipts: what a step read, did and wrote, by content, as the step itself saw it.

A receipt is JSON: ``command``, the words of the command line (with every parameter);
``inputs`` and ``outputs``, paths with sha256 digests, the step's code among the inputs.
It holds no time and no host: the same work gives the same bytes, whether or not shards shared it
out.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provender import files
from provender.errors import UserError
from provender.running import shards

Receipt = dict[str, Any]

FOLDER = Path("data/receipts")


@contextmanager
def writing(
    path: str | os.PathLike[str], command: list[str], inputs: list[str], outputs: list[str]
) -> Iterator[None]:
    """Write a receipt to ``path`` once the work within is done.

    Raises UserError where an input is not what the step that made it wrote, where one
    changes while the step runs, and where code ran that is not among the inputs; then no
    receipt is written.
    """
    path = Path(path)
    before = digests(inputs)
    _check_origin(before)
    yield
    _check_code(before.keys())
    changed = [name for name, digest in digests(inputs).items() if digest != before[name]]
    if changed:
        raise UserError(
            f"{', '.join(changed)} changed while this step ran, so what it wrote may come from "
            "either state: run the same command again"
        )
    made = digests(name for name in outputs if Path(name) != path)
    read = {name: before[name] for name in shards.of_whole(before, command)}
    files.write_json(
        path, {"command": shards.of_whole(command, command), "inputs": read, "outputs": made}
    )


def digests(paths: Iterable[str], sha256: Callable[[str], str] = files.sha256) -> dict[str, str]:
    """Return the sha256 digest of each file by its path, each file read once."""
    return {path: sha256(path) for path in dict.fromkeys(map(str, paths))}


def read_all() -> dict[Path, Receipt]:
    """Return every receipt in the current folder's project, by its path."""
    return {path: files.read_json(path) for path in sorted(FOLDER.rglob("*.json"))}


def differences(receipt: Receipt, sha256: Callable[[str], str]) -> list[str]:
    """Return what on disk is not as ``receipt`` says, in words; ``sha256`` reads a file.

    A file that is missing is no difference.
    """
    return [
        f"{path} is not what was {was}"
        for kind, was in (("inputs", "read"), ("outputs", "written"))
        for path, digest in receipt[kind].items()
        if Path(path).is_file() and sha256(path) != digest
    ]


def _check_code(inputs: Iterable[str]) -> None:
    """Raise UserError where this project's code was imported but is not among the inputs."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    # Where several steps share a process, what was imported is not this step's alone.
    if script is None or Path(script).resolve() != Path(sys.argv[0]).resolve():
        return
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "provender"]
    known = {Path(path).resolve() for path in inputs}
    paths = {Path(script), *(Path(module.__file__) for module in modules if module.__file__)}
    unknown = sorted(str(path) for path in paths if path.resolve() not in known)
    if unknown:
        raise UserError(
            f"{', '.join(unknown)} ran, but the rule does not name it among its inputs. Where "
            "it lies in another folder, run make setup in this one; else, after an edit, run "
            "snakemake, or make refresh before dvc repro"
        )


def _check_origin(inputs: dict[str, str]) -> None:
    """Raise UserError where an input was edited after the step that made it.

    DVC trusts a file's size, date and inode, so an edit that keeps them would be read as
    if it was what DVC has recorded.
    """
    made: dict[str, set[str]] = {}
    for receipt in read_all().values():
        for path in receipt["outputs"].keys() & inputs.keys():
            made.setdefault(path, set()).add(receipt["outputs"][path])
    edited = sorted(path for path, known in made.items() if inputs[path] not in known)
    if edited:
        raise UserError(
            f"{', '.join(edited)} was edited after the step that made it: delete it and run "
            "snakemake or dvc repro, which make it anew"
        )
