"""Ten thousand mutated inputs: each parser reads or refuses them, and nothing is written apart."""

import gzip
import io
import json
import random
import shutil
import signal
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archives import tar, tar_member, zip_member, zipped
from releases import Release

from provender.audit import files, given, stages, summary
from provender.audit.findings import Findings
from provender.errors import UserError
from provender.release import archive, signing, statement

# Mutated statements, manifests and archives: ten thousand together.
STATEMENTS, MANIFESTS, ARCHIVES = 4_000, 2_000, 4_000

# Of what is parsed by the same reader, or a hundred times as slowly.
OTHERS = 500

# Seconds that one input may take; the whole takes a few thousandths each.
MOST_SECONDS = 10

# Values that a parser may meet where it expects another kind.
VALUES = [None, True, -1, 0, 10**30, 1.5, "", "..", "/", "a\0b", "\u202e", [], {}, [[]], {"": {}}]

# What is spliced into bytes: marks of formats, ends of numbers, nesting.
PIECES = [
    b"\0", b"\xff" * 4, b"PK\1\2", b"PK\5\6", b"PK\3\4", b"ustar\0", b"../", b"/", b"\n", b"{",
    b"[" * 99,
    b'"', b"1e999", b"NaN", b"\xed\xa0\x80", b"9" * 40, b"\x80" + b"\xff" * 11, b"L", b"x", b"1",
]  # fmt: skip

# What reads what others wrote.
PROVES = (
    "src/provender/audit/*.py",
    "src/provender/release/*.py",
    "src/provender/versioning/*.py",
    "src/provender/files.py",
    "requirements.lock",
)


@contextmanager
def no_hang() -> Iterator[None]:
    """Fail where the block takes longer than one input may."""

    def fail(*_: object) -> None:
        raise TimeoutError("an input took too long")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutate_bytes(chance: random.Random, data: bytes) -> bytes:
    """Change some bytes, cut some out, copy some, splice marks in."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = chance.randrange(len(changed) + 1)
        length = chance.choice((1, 4, 30, 600))
        kind = chance.randrange(5)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[place : place + length]
        elif kind == 2:
            changed[place:place] = changed[place : place + length]
        elif kind == 3:
            piece = chance.choice(PIECES)
            changed[place : place + len(piece)] = piece
        else:
            del changed[max(1, place) :]
    return bytes(changed)


def mutate_archive(chance: random.Random, data: bytes) -> bytes:
    """Mutate an archive; mostly with the sums of tar's headers made right again."""
    changed = bytearray(mutate_bytes(chance, data))
    if chance.random() < 0.7:
        for start in range(0, len(changed) - 511, 512):
            if changed[start + 257 : start + 262] == b"ustar":
                changed[start + 148 : start + 156] = b" " * 8
                total = sum(changed[start : start + 512])
                changed[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(changed)


def mutate_value(chance: random.Random, value: object) -> object:
    """Return a copy of a JSON value in which one part is another, is gone or stands there twice."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        changed = dict(value)
        if chance.random() < 0.1:
            del changed[key]
        elif chance.random() < 0.1:
            changed[chance.choice(["", key + "x", "__proto__"])] = changed[key]
        else:
            changed[key] = mutate_value(chance, value[key])
        return changed
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        changed = list(value)
        changed[place : place + 1] = chance.choice(
            [[mutate_value(chance, value[place])], [], [value[place]] * 2]
        )
        return changed
    return chance.choice(VALUES)


def mutate_json(chance: random.Random, data: bytes) -> bytes:
    """Mutate the value, or the bytes that stand for it."""
    if chance.random() < 0.3:
        return mutate_bytes(chance, data)
    value = json.loads(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        value = mutate_value(chance, value)
    return json.dumps(value).encode()


def survive(
    mutate: Callable[[random.Random, bytes], bytes],
    data: list[bytes],
    read: Callable[[bytes], object],
    count: int,
) -> tuple[int, int]:
    """Read ``count`` mutated inputs; return how many were taken and how many refused.

    Any other exception than the project's own is a crash, and fails.
    """
    chance, taken, refused = random.Random(7), 0, 0
    for number in range(count):
        mutated = mutate(chance, data[number % len(data)])
        try:
            with no_hang():
                read(mutated)
            taken += 1
        except UserError:
            refused += 1
    return taken, refused


@pytest.mark.proof(*PROVES)
def test_statements(released: Release) -> None:
    """A statement is taken only where it keeps every rule."""
    data = (released.folder / statement.STATEMENT).read_bytes()
    taken, refused = survive(mutate_json, [data], statement.parse, STATEMENTS)
    assert taken + refused == STATEMENTS
    assert refused > STATEMENTS / 4


@pytest.mark.proof(*PROVES)
def test_envelopes_and_summaries(released: Release) -> None:
    """An envelope with a bit changed is signed by nobody."""
    key = released.public_key
    data = (released.folder / statement.ENVELOPE).read_bytes()
    payload = (released.folder / statement.STATEMENT).read_bytes()

    def verify(mutated: bytes) -> None:
        assert signing.verify(mutated, key) == payload

    taken, refused = survive(mutate_json, [data], verify, OTHERS)
    assert refused > taken
    value = summary.build({"a": "0" * 64}, "0" * 64, "urn:x", True, ["files"], None, "now")
    survive(mutate_json, [summary.encode(value)], summary.parse, OTHERS)


@pytest.mark.proof(*PROVES)
def test_manifests(released: Release, tmp_path: Path) -> None:
    """Whatever a manifest says, the first part of the audit ends with a finding."""
    folder = tmp_path / "bundle"
    shutil.copytree(released.folder / "bundle", folder)
    # Two files are enough to be named, missing and extra.
    for path in [*folder.rglob("*")]:
        if path.is_file() and path.name not in ("about.json", "style.css", "manifest.json"):
            path.unlink()
    manifest = folder / "manifest.json"
    value = json.loads(manifest.read_bytes())
    names = ("about.json", "style.css", "vendor/tf.min.js")
    value["files"] = {name: value["files"][name] for name in names}
    stated = statement.parse((released.folder / statement.STATEMENT).read_bytes())

    def read(mutated: bytes) -> None:
        manifest.write_bytes(mutated)
        for known in (stated, None):
            findings = Findings()
            paths = tuple(given._list(folder))
            files._check_manifest(given.Given("x", folder, True, (), paths), known, findings)
            assert findings.found
            # The third file that it named is not there.
            assert findings.refuted() or "vendor/tf.min.js" not in json.loads(mutated)["files"]

    taken, _ = survive(mutate_json, [json.dumps(value).encode()], read, MANIFESTS)
    assert taken == MANIFESTS


@pytest.mark.proof(*PROVES)
def test_archives(tmp_path: Path) -> None:
    """Whatever an archive holds, nothing is written but below the folder to unpack into."""
    inside = tmp_path / "inside"
    inside.mkdir()
    members = [("r/a", b"a" * 700), ("r/b/c", b"c" * 3000), ("r/" + "n" * 120, b"")]
    seeds = [
        tar(tmp_path / f"{form}.tar", *((tar_member(n), d) for n, d in members), form=form)
        for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    ]
    plain = []
    for path in seeds:
        plain.append(path.read_bytes())
        plain.append(gzip.decompress(plain[-1]))
    plain.append(zipped(tmp_path / "x.zip", *((zip_member(n), d) for n, d in members)).read_bytes())
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as file:
        for name, data in members:
            file.writestr(name, data)
    plain.append(stored.getvalue())
    before = sorted(tmp_path.iterdir())
    path, target = inside / "archive", inside / "out"

    def read(mutated: bytes) -> None:
        shutil.rmtree(target, ignore_errors=True)
        path.write_bytes(mutated)
        try:
            archive.unpack(path, target)
        finally:
            assert sorted(inside.iterdir()) == [path, target]
            assert not any(each.is_symlink() for each in target.rglob("*"))

    taken, refused = survive(mutate_archive, plain, read, ARCHIVES)
    assert sorted(tmp_path.iterdir()) == before
    assert taken > ARCHIVES / 100
    assert refused > ARCHIVES / 2


@pytest.mark.proof(*PROVES)
def test_locks(released: Release) -> None:
    """A dvc.lock of a repository that a release names itself may be anything, too."""
    data = (released.project.folder / "dvc.lock").read_bytes()

    def read(mutated: bytes) -> None:
        locked = stages.parse(mutated, "dvc.lock")
        stages.ordered(locked)
        stages.written(locked)
        stages.items("commit", locked)
        stages.after(locked, "train_model")

    survive(mutate_bytes, [data], read, OTHERS)


@pytest.mark.proof(*PROVES)
def test_locks_without_an_end() -> None:
    """A dvc.lock, or a stage's settings, that holds itself; steps that need each other."""
    for text in ("stages: &a {x: *a}", "stages: {x: {cmd: c, params: &p {f: *p}}}"):
        with pytest.raises(UserError), no_hang():
            stages.parse(text.encode(), "dvc.lock")
    item = f"{{path: %s, md5: {'a' * 32}, size: 1}}"
    one, two = item % "one", item % "two"
    text = (
        f"stages: {{a: {{cmd: c, deps: [{one}], outs: [{two}]}}, "
        f"b: {{cmd: c, deps: [{two}], outs: [{one}]}}}}"
    )
    with pytest.raises(UserError, match="goes in a circle"):
        stages.ordered(stages.parse(text.encode(), "dvc.lock"))


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10**6, b"\xff"])
def test_what_readers_choke_on(data: bytes) -> None:
    """Nesting, numbers and bytes that the library's own reader ends on otherwise."""
    with pytest.raises(UserError), no_hang():
        statement.parse(data)
    with pytest.raises(UserError), no_hang():
        summary.parse(data)
