"""Fourth part of an audit: the files of the rebuild beside those that were recorded.

Each file gets the strongest word that holds: BYTES, the same; CANONICAL, the same after a
named normalisation; WEIGHTS, the same tensors in another container; PREDICTIONS, made from
weights that answer the test split alike; DIFFERENT. Of the first step that differs, the
likely cause is told.
"""

import enum
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender import files
from provender.audit import stages
from provender.audit.findings import Findings, Outcome
from provender.audit.rebuild import NOT_RUN, Rebuilt
from provender.audit.traced import PLACES, Traced
from provender.release import canaries
from provender.reproduction import differences, tensors
from provender.versioning import dvc_lock

BUNDLE = Path(PLACES["bundle"])
TEST = "data/splits/test.parquet"

# The step that makes the weights; what comes after it may follow from other ones.
TRAINING = "train_model"

# Lines of what differs inside a file.
SHOWN = 3

# What reading a model raises where it is damaged or none.
NO_MODEL: tuple[type[Exception], ...] = (*differences.UNREADABLE, KeyError, TypeError)

# What parts of a build do not come from weights, wherever they lie.
WRITTEN_BY_HAND = (".js", ".css", ".svg")


class Level(enum.StrEnum):
    """How alike two files are, the strongest first."""

    BYTES = "BYTES"
    CANONICAL = "CANONICAL"
    WEIGHTS = "WEIGHTS"
    PREDICTIONS = "PREDICTIONS"
    DIFFERENT = "DIFFERENT"


# Other weights that answer alike could hide what the test split does not ask.
OUTCOMES = {
    Level.BYTES: Outcome.CONFIRMED,
    Level.CANONICAL: Outcome.CONFIRMED,
    Level.WEIGHTS: Outcome.CONFIRMED,
    Level.PREDICTIONS: Outcome.UNDECIDED,
    Level.DIFFERENT: Outcome.REFUTED,
}


@dataclass(frozen=True)
class Compared:
    """A file of the build: which step made it, how alike it is, and in what it differs."""

    path: str
    stage: str
    level: Level
    text: str = ""

    def as_json(self) -> dict[str, str]:
        """Return it for the report."""
        return {
            "path": self.path, "step": self.stage, "level": str(self.level), "text": self.text,
        }  # fmt: skip


@dataclass
class Predictions:
    """How two bundles answer the same texts."""

    posts: int
    # The largest difference of a score, the share of texts whose best label is the same, and
    # recall@1 of the recorded and of the rebuilt bundle.
    largest: float
    agreement: float
    recall: tuple[float, float]

    @property
    def alike(self) -> bool:
        """Whether no score differs by more than the tolerance, and no best label."""
        return self.largest <= canaries.TOLERANCE and self.agreement == 1

    def describe(self) -> str:
        """Return it in words."""
        return (
            f"on {self.posts:,} test posts max |Δ| {self.largest:.2g} (tolerance "
            f"{canaries.TOLERANCE:g}), best label the same for {100 * self.agreement:.2f} %, "
            f"recall@1 {self.recall[0]:.4f} → {self.recall[1]:.4f}"
        )


@dataclass
class Comparison:
    """All files of the build in running order, and what follows."""

    files: list[Compared] = field(default_factory=list)
    predictions: Predictions | None = None
    # The first step of the graph that differs, and its likely cause: its kind and words.
    first: str | None = None
    cause: tuple[str, str] | None = None

    @property
    def level(self) -> Level:
        """The weakest word that holds for a file."""
        order = list(Level)
        return max((each.level for each in self.files), key=order.index, default=Level.DIFFERENT)


def compare(
    traced: Traced,
    rebuilt: Rebuilt,
    shipped: dict[str, Path],
    recorded: Callable[[str], bytes | None],
    run: dict[str, Any] | None,
    work: Path,
    findings: Findings,
) -> Comparison:
    """Compare each file of the rebuild with that of the release, and say what follows.

    ``shipped`` are the release's own files by the paths that they had in the build;
    ``recorded`` gives the content of any other, or None where it is not had. ``run`` is the
    release's run.json, which says on what machine it was built; ``work`` a folder to write in.
    """
    findings.part = "compare"
    done = Comparison()
    other = _unequal(traced, rebuilt.folder, shipped)
    _bring(traced, other, shipped, recorded, work)
    from_weights: set[str] = set()
    if any(path.endswith(tensors.ENDS) for path in other):
        done.predictions = _predict(rebuilt.folder, work)
        if done.predictions is not None and done.predictions.alike:
            from_weights = stages.after(traced.locked, TRAINING)
    for stage in traced.order:
        for path in dvc_lock.digests(traced.locked[stage], "outs"):
            if stage.split("@")[0] in NOT_RUN and path not in other:
                continue
            alike = stage in from_weights and not path.endswith(WRITTEN_BY_HAND)
            done.files.append(_judge(path, stage, other, rebuilt.folder, work, alike))
    for stage in traced.order:
        if any(each.stage == stage and each.level is not Level.BYTES for each in done.files):
            done.first = stage
            done.cause = _find_cause(traced, rebuilt, run, stage)
            break
    _report(traced, done, findings)
    return done


def _unequal(traced: Traced, folder: Path, shipped: dict[str, Path]) -> list[str]:
    """Return the files that the rebuild has not, or with other bytes, by both digests."""
    found = []
    for path, md5 in stages.written(traced.locked).items():
        place = folder / path
        if path in shipped:
            if not place.is_file() or place.read_bytes() != shipped[path].read_bytes():
                found.append(path)
            continue
        if not place.is_file():
            # What Snakemake did not have to fetch: the archive of the newsgroups.
            if stages.makers(traced.locked)[path].split("@")[0] not in NOT_RUN:
                found.append(path)
            continue
        data = place.read_bytes()
        sha256 = traced.sha256.get(path)
        same = hashlib.md5(data, usedforsecurity=False).hexdigest() == md5
        if not same or sha256 not in (None, hashlib.sha256(data).hexdigest()):
            found.append(path)
    return found


def _bring(
    traced: Traced,
    other: list[str],
    shipped: dict[str, Path],
    recorded: Callable[[str], bytes | None],
    work: Path,
) -> None:
    """Write the recorded files of which one differs, with those beside them, and the bundle."""
    made_by = stages.makers(traced.locked)
    steps = {made_by[path] for path in other}
    for path, stage in made_by.items():
        if other and (stage in steps or Path(path).is_relative_to(BUNDLE)):
            data = shipped[path].read_bytes() if path in shipped else recorded(path)
            if data is not None:
                (work / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).write_bytes(data)


def _judge(
    path: str, stage: str, other: list[str], folder: Path, work: Path, alike: bool
) -> Compared:
    """Find the strongest word for a file; ``alike``: it follows from weights that answer alike."""
    if path not in other:
        return Compared(path, stage, Level.BYTES)
    one, two = work / path, folder / path
    if not two.is_file():
        return Compared(path, stage, Level.DIFFERENT, "the rebuild does not have it")
    if not one.is_file():
        return Compared(path, stage, Level.DIFFERENT, "what was recorded cannot be had")
    if how := canonical(one, two):
        return Compared(path, stage, Level.CANONICAL, how)
    if _same_weights(one, two):
        return Compared(path, stage, Level.WEIGHTS, "the same tensors in another container")
    said = "; ".join(differences.explain(one, two)[:SHOWN])
    if alike:
        return Compared(path, stage, Level.PREDICTIONS, said)
    return Compared(path, stage, Level.DIFFERENT, said)


def canonical(one: Path, other: Path) -> str | None:
    """Return the normalisation after which two files are the same, or None."""
    for how, (ends, normalise) in NORMALISATIONS.items():
        if one.name.endswith(ends):
            try:
                if normalise(one.read_bytes()) == normalise(other.read_bytes()):
                    return how
            except differences.UNREADABLE:
                continue
    return None


def _json(data: bytes) -> str:
    return json.dumps(json.loads(data), sort_keys=True)


def _members(data: bytes) -> dict[str, bytes | None]:
    """Return the members of a tar archive by name; in memory, as its own build wrote them."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            member.name: reader.read() if (reader := archive.extractfile(member)) else None
            for member in archive.getmembers()
        }


def _table(data: bytes) -> Any:
    return files.read_parquet(data).replace_schema_metadata(None)


NORMALISATIONS: dict[str, tuple[tuple[str, ...], Callable[[bytes], Any]]] = {
    "JSON, whatever the order of its keys and its white space": ((".json",), _json),
    "gzip, whatever its header and its compression": ((".gz", ".tgz"), gzip.decompress),
    "tar, whatever dates, owners, rights and order of its members": (
        (".tgz", ".tar.gz", ".tar"), _members,
    ),
    "Parquet, whatever its compression and its library's notes": ((".parquet",), _table),
    "text, whatever ends its lines": (
        (".csv", ".txt", ".html", ".md", ".css", ".svg"), bytes.splitlines,
    ),
}  # fmt: skip


def _same_weights(one: Path, other: Path) -> bool:
    try:
        left, right = tensors.read(one), tensors.read(other)
        if left is None or right is None or tensors.digest(left) != tensors.digest(right):
            return False
        # The graph of a model is no container of its weights: it must be the same itself.
        return one.name != "model.json" or _without_weights(one) == _without_weights(other)
    except NO_MODEL:
        return False


def _without_weights(model: Path) -> dict[str, Any]:
    return {k: v for k, v in files.read_json(model).items() if k != "weightsManifest"}


def _predict(rebuilt: Path, work: Path) -> Predictions | None:
    """Score the test split by both bundles; None where one cannot be run."""
    bundles = (work / BUNDLE, rebuilt / BUNDLE)
    try:
        table = files.read_parquet(rebuilt / TEST, ["text", "label"])
        texts, labels = (table[name].to_pylist() for name in ("text", "label"))
        count = len(files.read_json(rebuilt / BUNDLE / "constants.json")["labels"])
        left, right = (
            [dict(answer) for answer in canaries.score(bundle, texts, count)] for bundle in bundles
        )
    except (canaries.CanaryError, OSError, KeyError):
        return None
    best = [
        [max(answer, key=answer.__getitem__, default=None) for answer in side]
        for side in (left, right)
    ]
    recalls = [
        sum(a == b for a, b in zip(side, labels, strict=True)) / max(1, len(labels))
        for side in best
    ]
    return Predictions(
        posts=len(texts),
        largest=max(
            (
                abs(a.get(label, 0) - b.get(label, 0))
                for a, b in zip(left, right, strict=True)
                for label in a.keys() | b.keys()
            ),
            default=0.0,
        ),
        agreement=sum(a == b for a, b in zip(*best, strict=True)) / max(1, len(texts)),
        recall=(recalls[0], recalls[1]),
    )


def _find_cause(
    traced: Traced, rebuilt: Rebuilt, run: dict[str, Any] | None, stage: str
) -> tuple[str, str]:
    """Compare what the recorded step and the rebuilt one have read, then what ran them."""
    old = traced.receipts.get(stage, {})
    path = stages.receipt_of(traced.locked[stage])
    place = rebuilt.folder / path if path else None
    new = files.read_json(place) if place and place.is_file() else {}
    before, after = old.get("inputs", {}), new.get("inputs", {})
    other = [p for p in sorted({**before, **after}) if before.get(p) != after.get(p)]
    if other:
        kinds = list(dict.fromkeys(stages.cause(p, traced.is_config) for p in other))
        return kinds[0], f"the recorded step had read other content of {stages.some(other)}"
    if old.get("command") != new.get("command"):
        pairs = zip(old.get("command", []), new.get("command", []), strict=False)
        said = next((f"{a!r} → {b!r}" for a, b in pairs if a != b), "another number of words")
        return stages.CONFIG, f"the recorded step ran with other parameters: {said}"
    return _find_machine_cause(rebuilt, run)


def _find_machine_cause(rebuilt: Rebuilt, run: dict[str, Any] | None) -> tuple[str, str]:
    from provender.release import run_facts

    if run is None:
        return "unknown", "inputs and parameters are the same; nothing says what machine it was"
    packages = run.get("packages", {})
    other = [
        f"{name} {version} → {rebuilt.packages[plain]}"
        for name, version in sorted(packages.items())
        if (plain := name.split("[")[0].lower().replace("_", "-")) in rebuilt.packages
        and rebuilt.packages[plain] != version
    ]
    if other:
        return stages.DEPENDENCY, f"other packages had built it: {stages.some(other)}"
    theirs, ours = run.get("host", {}).get("cpu"), run_facts.cpu()
    if theirs != ours:
        return "CPU", f"it was built on another CPU: {theirs} → {ours}"
    return (
        "unknown",
        "inputs, parameters, packages and CPU are the same: the step gives other results each "
        "time, or what it had written was edited",
    )


def _report(traced: Traced, done: Comparison, findings: Findings) -> None:
    counts = {
        level: sum(each.level is level for each in done.files)
        for level in Level
        if any(each.level is level for each in done.files)
    }
    said = ", ".join(f"{level}: {count}" for level, count in counts.items())
    for each in done.files:
        outcome = OUTCOMES[each.level]
        if outcome is not Outcome.CONFIRMED:
            traced.states[each.stage] = (outcome, f"{each.path}: {each.level}")
    if done.first is None:
        findings.confirm("files", f"bit for bit: {len(done.files)} files, {said}")
        return
    kind, why = done.cause or ("unknown", "")
    text = f"{said}; the first step that differs is {done.first}, likely cause {kind}: {why}"
    if done.predictions is not None:
        text += f"; {done.predictions.describe()}"
    outcome = OUTCOMES[done.level]
    add = {
        Outcome.CONFIRMED: findings.confirm,
        Outcome.UNDECIDED: findings.leave_open,
        Outcome.REFUTED: findings.refute,
    }[outcome]
    add("files", text)
    for each in (each for each in done.files if each.level is not Level.BYTES):
        findings.note(each.path, f"{each.level}, of {each.stage}: {each.text}")
