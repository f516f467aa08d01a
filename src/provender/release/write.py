"""Writes a release: the bundle and the npm package with the evidence, and one archive of all."""

import datetime
import shutil
from pathlib import Path

from provender import console, files, tool
from provender.errors import UserError
from provender.release import (
    archive,
    canaries,
    crate,
    evidence,
    mlbom,
    model_card,
    preconditions,
    run_facts,
    signing,
    statement,
)
from provender.release.ready import Ready, collect
from provender.versioning import cache

FOLDER = Path("dist/releases")

# Where the build lies, and what it is called in a release.
PLACES = {"dist/bundle": statement.BUNDLE, "dist/npm": "npm"}

METRICS = Path("data/reports/metrics.json")
VOCABULARY = Path("data/vocabulary/vocabulary.json")
LABELS = Path("data/vocabulary/labels.json")

MODEL_CARD = "MODEL_CARD.md"
MLBOM = "mlbom.cdx.json"

# What a signature adds to a release.
SIGNATURES = {statement.ENVELOPE, f"{statement.BUNDLE}/{statement.ENVELOPE}"}

# Files that are named where an older release differs.
SHOWN = 10

# Rare words that are named.
SHOWN_WORDS = 12


def release(version: str, key: Path | None, remote: str | None) -> Path:
    """Write the build on disk as a release and return its folder; see docs/release.md.

    Where it is there already, it stays as it is, but for a signature that it did not have.
    Raises UserError, and writes nothing, where something is missing for it, or where another
    release of that version is there.
    """
    started = datetime.datetime.now(datetime.UTC)
    ready = preconditions.check(version, key, remote)
    folder, packed = FOLDER / ready.name, FOLDER / f"{ready.name}.tar.gz"
    part, packed_part = (path.with_name(path.name + ".part") for path in (folder, packed))
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write_folder(part, ready)
        kept = folder.exists() and not adds_signature(folder, part)
        source = folder if kept else part
        names = _names(source) - {statement.RUN}
        archive.write(packed_part, {f"{ready.name}/{name}": source / name for name in names})
        if not kept:
            files.write_json(part / statement.RUN, run_facts.collect(started, part, packed_part))
            _replace(part, folder)
        packed_part.replace(packed)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        packed_part.unlink(missing_ok=True)
    console.log.info(
        "%s%s and %s, %s bytes",
        "there already, the same: " if kept else "",
        folder,
        packed,
        f"{packed.stat().st_size:,}",
    )
    if not (ready.config.get("license") or ready.config.get("license_file")):
        console.log.info(
            "no licence is stated, so nobody may use this without asking: set license in %s",
            ready.paths[-1],
        )
    rare = [each["word"] for each in files.read_json(METRICS)["rare_words"]]
    console.log.info(
        "rare words, to be looked at before this is published: %s%s; more in the report",
        ", ".join(rare[:SHOWN_WORDS]),
        ", …" * (len(rare) > SHOWN_WORDS),
    )
    return folder


def _replace(part: Path, folder: Path) -> None:
    """Put ``part`` in the place of ``folder``, which is gone only once the new one is there."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def adds_signature(old: Path, new: Path) -> bool:
    """Tell whether ``new`` is the release in ``old`` with a signature that it did not have.

    Raises UserError where it is another one.
    """
    before, after = _names(old) - {statement.RUN}, _names(new)
    unsigned = before - SIGNATURES
    differ = unsigned ^ (after - SIGNATURES)
    differ |= {
        name for name in before & after if (old / name).read_bytes() != (new / name).read_bytes()
    }
    if differ:
        names = sorted(differ)
        more = [f"… and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        raise UserError(
            "\n  ".join([f"{old} is another release, which differs in:", *names[:SHOWN], *more])
            + "\nWhat is published stays as it is: release under a new version. If it was never "
            "published, delete its folder"
        )
    return after > before


def _write_folder(folder: Path, ready: Ready) -> None:
    """Write all that the archive of a release holds."""
    _copy_build(folder, ready)
    _copy_workflow(folder)
    facts = collect(ready, folder)
    files.write_text(folder / MODEL_CARD, model_card.render(facts))
    files.write_json(folder / MLBOM, mlbom.build(facts))
    files.write_json(folder / crate.NAME, crate.build(facts))
    bundle = folder / statement.BUNDLE
    value = evidence.build_statement(
        ready,
        subjects={name: files.sha256(folder / name) for name in _names(folder)},
        metrics=facts.about["metrics"],
        canary_list=canaries.build(bundle, files.read_json(VOCABULARY), files.read_json(LABELS)),
    )
    files.write_json(folder / statement.STATEMENT, value)
    data = (folder / statement.STATEMENT).read_bytes()
    # What is written is held to the same rules as what is read.
    statement.parse(data)
    shutil.copyfile(folder / statement.STATEMENT, bundle / statement.STATEMENT)
    if ready.signer:
        for place in (folder, bundle):
            files.write_json(place / statement.ENVELOPE, signing.sign(data, ready.signer))


def _copy_build(folder: Path, ready: Ready) -> None:
    """Copy what is published. Raises UserError where it changed since it was checked."""
    for path in (path for job in ready.jobs for path in job.outputs):
        for place, name in PLACES.items():
            if Path(path).is_relative_to(place):
                target = folder / name / Path(path).relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                if files.sha256(target) != cache.digests(path)[0]:
                    raise UserError(f"{path} changed while it was released: build and run again")


def _copy_workflow(folder: Path) -> None:
    """Copy the description of the graph, which is the commit's: it was compared with it."""
    rules = [tool.path("workflow/Snakefile"), *Path(tool.path("workflow/rules")).glob("*.smk")]
    for path in map(str, [crate.WORKFLOW, *rules]):
        target = folder / tool.name(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
