"""A table in an object store: read as one in a folder is, and what is said where it is not."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Project, make_posts
from object_store import BUCKET, BUSY_SECONDS, CREDENTIALS, run_boto, started
from step_runs import RunScript

from provender import files

PROVES = (
    "src/provender/sources/store.py", "src/provender/sources/parquet.py", "workflow/Snakefile",
    "workflow/rules/source.smk", "src/provender/running/rerun.py", "scripts/fetch_source.py",
    "requirements.lock", "tests/remotes.lock",
)  # fmt: skip

PLACE = f"s3://{BUCKET}/posts"

# Seconds that a step may take.
STEP_SECONDS = 300

UPLOAD = """
import pathlib, sys
import boto3
bucket = boto3.resource("s3", endpoint_url=sys.argv[1]).Bucket(sys.argv[2])
for path in sorted(pathlib.Path(sys.argv[3]).rglob("*.*")):
    bucket.upload_file(str(path), f"posts/{path.relative_to(sys.argv[3]).as_posix()}")
"""

COLUMNS = ["--text", "body", "--label", "topic", "--split", "year"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Return the address of a store with an empty bucket, and the file that makes it busy."""
    with started(tmp_path) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a table in three files, whose row groups are small, and another file."""
    body, topic, year = zip(*make_posts(), strict=True)
    table = pa.table({"body": body, "topic": topic, "year": year})
    path = tmp_path / "posts"
    (path / "b").mkdir(parents=True)
    for name, start, end in (("c", 0, 100), ("b/10", 100, 300), ("b/9", 300, None)):
        part = table.slice(start, None if end is None else end - start)
        pq.write_table(part, path / f"{name}.parquet", row_group_size=30)
    (path / "notes.txt").write_text("none of it")
    return path


def environment(address: str) -> dict[str, str]:
    """Return what tells a step where the store is, and who asks."""
    # Nobody asks the network who that is.
    return CREDENTIALS | {"AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_a_build_reads_a_store(
    small_project: Project, store: tuple[str, Path], folder: Path
) -> None:
    """It makes what it makes of the same files in a folder, in the order of their names.

    Each is recorded with its digest, and no secret is kept. What has changed is read again.
    """
    address, _ = store
    run_boto(UPLOAD, address, BUCKET, folder)
    source = {"kind": "parquet", "text": "body", "label": "topic", "split": "year"}
    said = [small_project.folder / place for place in ("data", "logs", ".snakemake", "small.yaml")]

    def build(path: str, **more: str) -> tuple[str, str]:
        small_project.configure(source=source | {"path": path})
        config = (small_project.folder / "small.yaml").read_text(encoding="utf-8")
        # Of a database.
        lines = [line for line in config.splitlines(True) if "table: posts" not in line]
        (small_project.folder / "small.yaml").write_text("".join(lines), encoding="utf-8")
        done = small_project.run(
            "snakemake", "--cores", "2", "--configfile", "small.yaml", "--until", "split_posts",
            **more,
        )  # fmt: skip
        database = small_project.folder / "data" / "source" / "news.sqlite"
        return files.sha256(database), done.stdout + done.stderr

    local, _ = build(str(folder))
    stored, told = build(PLACE, **environment(address))
    assert stored == local
    assert "wrote 404 posts" in told
    recorded = small_project.folder / "data" / "source" / "files.json"
    names = ["b/10.parquet", "b/9.parquet", "c.parquet"]
    assert files.read_json(recorded) == {
        "place": PLACE,
        "files": [
            {
                "name": f"posts/{name}",
                "bytes": (folder / name).stat().st_size,
                "sha256": files.sha256(folder / name),
            }
            for name in names
        ],
    }
    receipt = files.read_json(small_project.folder / "data" / "receipts" / "fetch_source.json")
    assert receipt["outputs"]["data/source/files.json"] == files.sha256(recorded)
    paths = [path for place in said for path in [place, *place.rglob("*")] if path.is_file()]
    assert len(paths) > 10
    for secret in ("not-a-real-key", "not-a-real-secret"):
        assert not [path for path in paths if secret.encode() in path.read_bytes()]
        assert secret not in told
    again = "the store has other files: fetch_source"
    assert again not in build(PLACE, **environment(address))[1]
    pq.write_table(pq.read_table(folder / "c.parquet").slice(1), folder / "c.parquet")
    run_boto(UPLOAD, address, BUCKET, folder)
    changed, told = build(PLACE, **environment(address))
    assert again in told and "wrote 403 posts" in told
    assert changed != stored
    # Out of reach, it counts as it was read.
    kept, told = build(PLACE, **environment("http://127.0.0.1:9"))
    assert kept == changed
    assert "cannot be reached" in told and "What was read of it before counts" in told


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_a_busy_store(store: tuple[str, Path], folder: Path, tmp_path: Path) -> None:
    """A minute of 503, in the midst of reading, only delays."""
    address, busy = store
    run_boto(UPLOAD, address, BUCKET, folder)
    words = ["--output", tmp_path / "news.sqlite", "parquet", "--path", PLACE, *COLUMNS]
    words += ["--files", tmp_path / "files.json"]
    busy.touch()
    with subprocess.Popen(
        ["python", "scripts/fetch_source.py", *map(str, words)],
        env=os.environ | environment(address), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as step:  # fmt: skip
        time.sleep(BUSY_SECONDS)
        assert step.poll() is None
        busy.unlink()
        said = step.communicate(timeout=STEP_SECONDS)[0]
    assert (step.returncode, said) == (0, "fetch_source: wrote 404 posts\n")
    assert len(files.read_json(tmp_path / "files.json")["files"]) == 3
    assert not list(tmp_path.glob("*.scratch"))


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_what_cannot_be_read(
    run_script: RunScript, store: tuple[str, Path], folder: Path, tmp_path: Path
) -> None:
    """Each fault is told in one line with its mend, and nothing is written."""
    address, busy = store
    run_boto(UPLOAD, address, BUCKET, folder)

    def read(place: str, code: int = 1, at: str = address) -> str:
        words = ["--output", tmp_path / "news.sqlite", "parquet", "--path", place, *COLUMNS]
        words += ["--files", tmp_path / "files.json"]
        done = run_script("fetch_source", *words, code=code, **environment(at))
        assert not list(tmp_path.glob("news.sqlite*")) + list(tmp_path.glob("files.json*"))
        [line] = done.stderr.splitlines()
        return line

    begin = "fetch_source: error: source.path names "
    assert read("s3://no-such-bucket/posts") == (
        f"{begin}s3://no-such-bucket/posts, but there is no bucket no-such-bucket: mend it, or "
        "AWS_ENDPOINT_URL"
    )
    assert read(f"s3://{BUCKET}/none") == (
        f"{begin}s3://{BUCKET}/none, below which there is nothing"
    )
    assert "below which is no file *.parquet: name one" in read(f"{PLACE}/notes.txt")
    secret = read(f"s3://key:secret@{BUCKET}/posts?region=here")
    assert "must name neither a user" in secret and "secret@" not in secret
    assert "cannot be reached" in read(PLACE, 3, "http://127.0.0.1:9")
    busy.write_text("403 AccessDenied")
    assert read(PLACE).endswith(
        "which the store does not let be read: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "AWS_PROFILE, to those of someone who may"
    )
    busy.unlink()
    table = pq.read_table(folder / "c.parquet")
    numbers = table.set_column(1, "topic", pa.array(range(len(table))))
    pq.write_table(numbers, folder / "c.parquet")
    run_boto(UPLOAD, address, BUCKET, folder)
    assert read(PLACE) == (
        "fetch_source: error: source.label names column topic, which holds whole numbers in "
        "posts/c.parquet and texts in posts/b/10.parquet: write one of them as the other, or name "
        "files that are alike"
    )
