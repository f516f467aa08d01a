"""``provender update``: the model made anew from the table as it is now, held to the last one.

The comparison is kept in a file of the project, which the report shows: an input like any other, so
that whoever builds again gets the same report.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from provender import config, files
from provender.errors import UserError
from provender.prediction import answers, bundles, compare
from provender.versioning import cache, dvc_lock, dvc_yaml, record, refresh, tool_lock

BUNDLE = Path("dist/bundle")
MANIFEST = "manifest.json"
TEST_SPLIT = Path("data/splits/test.parquet")

# Columns of a split.
TEXT, LABEL = "text", "label"

# The model that was recorded last, in words.
LAST, THIS = "the model recorded last", "this one"


def kept(name: str) -> Path:
    """Return where the comparison of a classifier is kept."""
    return Path("config", "compared", f"{name}.json")


def update(
    settings: config.Config,
    against: Path | None,
    plan: Callable[[], None],
    build: Callable[[], None],
) -> list[str]:
    """Build, compare with the last model, record; return lines that tell of it.

    ``against``: a bundle or a release to compare with instead. ``plan`` writes dvc.yaml, ``build``
    runs Snakemake. Raises UserError, with nothing recorded, where the new model is worse by more
    than ``publish.not_worse`` allows.
    """
    before = dvc_lock.read() if dvc_lock.FILE.exists() else {}
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(_previous(before, against))
        plan()
        build()
        lines = []
        if old is None:
            lines.append("nothing is recorded yet to compare with")
        elif (old / MANIFEST).exists() and _digest(old) == _digest(BUNDLE):
            lines.append("the model is the one recorded last")
        else:
            name = LAST if against is None else against.name
            found = _compare(settings["name"], old, name)
            # The report is made anew with it.
            plan()
            build()
            lines += compare.describe(found, [name, THIS])
            check_gate(settings, found)
    record.record(only_check=False)
    changes = refresh.changes(before, dvc_lock.read())
    return [*lines, *(changes or [f"{dvc_lock.FILE}: as it was"])]


@contextlib.contextmanager
def _previous(locked: dvc_lock.Lock, against: Path | None) -> Iterator[Path | None]:
    """Give the bundle to compare with: a path that is named, or a copy of what was recorded."""
    if against is not None:
        # Said before the build, not after it.
        bundles.read(against)
        yield against
        return
    place = f"{BUNDLE.as_posix()}/"
    recorded = {
        path: md5
        for entry in locked.values()
        for path, md5 in dvc_lock.digests(entry, "outs").items()
        if path.startswith(place)
    }
    if not recorded:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="provender-update-") as temporary:
        with cache.repository() as repo:
            store = cache.Store(repo)
            for name in (MANIFEST, bundles.CONSTANTS, bundles.MODEL, bundles.SHARD):
                target = Path(temporary, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(store.read(recorded[place + name], place + name))
        yield Path(temporary)


def _digest(bundle: Path) -> str:
    return files.sha256(bundle / MANIFEST)


def _compare(name: str, old: Path, called: str) -> compare.Comparison:
    """Compare on the new test split, and keep that."""
    one, other = (answers.Answerer(bundles.read(path)) for path in (old, BUNDLE))
    found = compare.compare(one, other, compare.read_labelled(TEST_SPLIT, TEXT, LABEL, ""))
    # By the digest the report knows whether this is about the model that it shows.
    told = {**compare.to_json(found, [called, THIS]), "of": _digest(BUNDLE)}
    files.write_json(kept(name), told)
    return found


def check_gate(settings: config.Config, found: compare.Comparison) -> None:
    """Raise UserError where the new model is worse by more points than the configuration allows."""
    allowed = settings.get("publish", {}).get("not_worse")
    if allowed is not None and found.all.worse > allowed:
        raise UserError(
            f"this model is {found.all.worse:.1f} points worse than the last on "
            f"{found.all.texts:,} texts, and publish.not_worse allows {allowed:g}: it is not "
            f"recorded. {BUNDLE} holds it to be looked at; dvc checkout --force brings back the "
            "last one"
        )


def commit(name: str, message: str) -> None:
    """Commit to git what an update of a classifier has written, if it has."""
    named = (dvc_lock.FILE, dvc_yaml.FILE, tool_lock.FILE, kept(name))
    paths = [str(path) for path in named if path.exists()]
    _git("add", "--", *paths)
    if dvc_lock.git("diff", "--cached", "--quiet", "--", *paths).returncode:
        _git("commit", "--quiet", "--message", message, "--", *paths)


def _git(*arguments: str) -> None:
    done = dvc_lock.git(*arguments)
    if done.returncode:
        raise UserError(f"git {arguments[0]} failed: {(done.stderr or done.stdout).strip()}")
