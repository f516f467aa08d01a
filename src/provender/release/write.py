"""Writes a release: the bundle and the npm package with the evidence, and one archive of all."""

import datetime
import shutil
from pathlib import Path

from provender import files, step, versioning
from provender.attest import archive, canaries, signing, statement
from provender.errors import UserError
from provender.release import evidence, preconditions, run_facts

FOLDER = Path("dist/releases")

# Where the build lies, and what it is called in a release.
PLACES = {"dist/bundle": statement.BUNDLE, "dist/npm": "npm"}

VOCABULARY = Path("data/vocabulary/vocabulary.json")
LABELS = Path("data/vocabulary/labels.json")


def release(version: str, key: Path | None, remote: str | None) -> Path:
    """Write the build on disk as a release and return its folder; see docs/release.md.

    Raises UserError, and writes nothing, where something is missing for it.
    """
    started = datetime.datetime.now(datetime.UTC)
    ready = preconditions.check(version, key, remote)
    name = f"{ready.config['name']}-{version}"
    folder, packed = FOLDER / name, FOLDER / f"{name}.tar.gz"
    part, packed_part = (path.with_name(path.name + ".part") for path in (folder, packed))
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write_folder(part, ready)
        archive.write(packed_part, {f"{name}/{each}": part / each for each in _names(part)})
        files.write_json(part / statement.RUN, run_facts.collect(started, part, packed_part))
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
        packed_part.rename(packed)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        packed_part.unlink(missing_ok=True)
    step.log.info("%s and %s, %s bytes", folder, packed, f"{packed.stat().st_size:,}")
    return folder


def _write_folder(folder: Path, ready: preconditions.Ready) -> None:
    """Write all that the archive of a release holds."""
    _copy_build(folder, ready)
    subjects = {name: files.sha256(folder / name) for name in _names(folder)}
    bundle = folder / statement.BUNDLE
    value = evidence.build_statement(
        ready.config,
        ready.paths,
        ready.jobs,
        evidence.describe_source(ready.commit, ready.tree, ready.config.get("repository")),
        subjects,
        files.read_json(bundle / "about.json")["metrics"],
        canaries.build(bundle, files.read_json(VOCABULARY), files.read_json(LABELS)),
    )
    files.write_json(folder / statement.STATEMENT, value)
    data = (folder / statement.STATEMENT).read_bytes()
    # What is written is held to the same rules as what is read.
    statement.parse(data)
    if ready.signer:
        files.write_json(folder / statement.ENVELOPE, signing.sign(data, ready.signer))
    for name in (statement.STATEMENT, statement.ENVELOPE):
        if (folder / name).exists():
            shutil.copyfile(folder / name, bundle / name)


def _copy_build(folder: Path, ready: preconditions.Ready) -> None:
    """Copy what is published. Raises UserError where it changed since it was checked."""
    for path in (path for job in ready.jobs for path in job.outputs):
        for place, name in PLACES.items():
            if Path(path).is_relative_to(place):
                target = folder / name / Path(path).relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                if files.sha256(target) != versioning.digests(path)[0]:
                    raise UserError(f"{path} changed while it was released: build and run again")


def _names(folder: Path) -> list[str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path.relative_to(folder).as_posix() for path in paths]
