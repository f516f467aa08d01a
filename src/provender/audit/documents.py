"""The documents of a release made again, from what the commit recorded.

Model card, bill of materials and run crate are written by ``provender release`` itself, so no
stage has recorded them; they follow from the build and the commit alone.
"""

import contextlib
import tempfile
from pathlib import Path

from provender import config, files, tool
from provender.audit import objects, stages
from provender.audit.findings import Findings
from provender.audit.given import Given
from provender.audit.traced import PLACES, Traced
from provender.errors import Unavailable, UserError
from provender.release import statement
from provender.versioning import dvc_lock

# Where the code lies that writes them; of other code nothing could be said.
WRITERS = ("src/provender/release",)

# Where the rules lie, in the tool and in a release.
WORKFLOW = "workflow"


def check(
    given: Given,
    found: statement.Statement,
    traced: Traced,
    remote_name: str | None,
    signed: bool,
    findings: Findings,
) -> None:
    """Hold what no stage has recorded to the commit, and add what is found to ``findings``.

    ``signed`` tells whether the publisher's signature was checked, which vouches for the rest.
    """
    names = [name for name in statement.subjects(found) if name.split("/")[0] not in PLACES]
    kept = _kept(traced, names)
    if not given.is_bundle:
        _check_kept(given, kept, findings)
    made = [name for name in names if name not in kept]
    if not made or given.is_bundle:
        return
    if findings.refuted():
        findings.note("documents", "not made again: what they tell of is refuted already")
        return
    if writers := _other_writers(traced):
        _leave(made, f"the commit's own code writes them, such as {writers[0]}", signed, findings)
        return
    try:
        again = _make_again(given, traced, remote_name)
    except (UserError, Unavailable) as error:
        _leave(made, str(error), signed, findings)
        return
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # The build's own files are not as this project writes them.
        _leave(made, repr(error), signed, findings)
        return
    wrong = [name for name in made if again.get(name) != (given.folder / name).read_bytes()]
    if wrong:
        findings.refute("documents", f"not what follows from the build: {stages.some(wrong)}")
    else:
        findings.confirm("documents", f"{stages.some(made)}: made again, the same bytes")


def _kept(traced: Traced, names: list[str]) -> dict[str, bytes]:
    """Return the files of a release that git keeps: the project's, and the tool's workflow."""
    paths = {traced.path(name) if name.startswith(f"{WORKFLOW}/") else name: name for name in names}
    return {paths[path]: data for path, data in traced.read(paths).items()}


def _check_kept(given: Given, kept: dict[str, bytes], findings: Findings) -> None:
    """Compare the files that git keeps, such as the workflow, with the commit's."""
    wrong = [
        name
        for name, data in kept.items()
        if name not in given.paths or (given.folder / name).read_bytes() != data
    ]
    if wrong:
        findings.refute("workflow", f"other files than the commit's: {stages.some(wrong)}")
    elif kept:
        findings.confirm("workflow", f"{len(kept)} files are the commit's")


def _leave(made: list[str], why: str, signed: bool, findings: Findings) -> None:
    text = f"{stages.some(made)}: not made again: {why}"
    if signed:
        findings.note("documents", f"{text}; the publisher has signed them")
    else:
        findings.leave_open("documents", text)


def _other_writers(traced: Traced) -> list[str]:
    """Return the files by which the commit would write documents in another way than this."""
    here = {
        traced.path(f"{folder}/{path.name}"): path.read_bytes()
        for folder in WRITERS
        for path in sorted(tool.place(folder).iterdir())
        if path.is_file()
    }
    there = traced.read(here)
    return [tool.name(path) for path, data in here.items() if there.get(path) != data]


def _make_again(given: Given, traced: Traced, remote_name: str | None) -> dict[str, bytes]:
    from provender.release import crate, mlbom, model_card, preconditions, ready, write

    done = traced.repository.git("show", "--no-patch", "--format=%T %cI", traced.commit)
    tree, date = done.stdout.decode().split()
    paths = [config.DEFAULT, *traced.overlays]
    build = ready.Ready(
        traced.settings, paths, [], traced.commit, tree, preconditions.in_utc(date), None
    )
    with tempfile.TemporaryDirectory(prefix="provender-documents-") as temporary:
        folder = Path(temporary)
        there = [*traced.repository.paths(traced.commit)]
        if traced.tool:
            there = [path for path in there if not tool.is_linked(path)]
            of = traced.tool
            there += [traced.path(name) for name in of.repository.paths(of.commit)]
        for name, data in traced.read(filter(statement.is_safe_path, there)).items():
            _put(folder / name, data)
        needed = [stages.DATABASE, *map(str, (ready.VALIDATION, ready.CHOICE, ready.PARITY))]
        written = stages.written(traced.locked)
        with objects.open_store(traced.repository, traced.commit, remote_name) as store:
            for path in needed:
                try:
                    _put(folder / path, objects.fetch(store, written[path]))
                except (KeyError, FileNotFoundError) as error:
                    raise UserError(
                        f"{path} is not in {dvc_lock.FILE} or not in the remote"
                    ) from error
        for name in given.paths:
            if name.split("/")[0] in PLACES or name in (crate.WORKFLOW, *_rules(given)):
                inside = name.removeprefix(f"{statement.BUNDLE}/")
                if inside not in (statement.STATEMENT, statement.ENVELOPE):
                    _put(folder / "release" / name, (given.folder / name).read_bytes())
        with contextlib.chdir(folder):
            facts = ready.collect(build, Path("release"))
            files.write_text(write.MODEL_CARD, model_card.render(facts))
            files.write_json(write.MLBOM, mlbom.build(facts))
            files.write_json(crate.NAME, crate.build(facts))
            names = (write.MODEL_CARD, write.MLBOM, crate.NAME)
            return {name: Path(name).read_bytes() for name in names}


def _rules(given: Given) -> list[str]:
    return [name for name in given.paths if name.startswith(f"{WORKFLOW}/")]


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
