"""A build whose files go through an object store, which is out of order for a minute."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Project
from object_store import BUCKET, BUSY_SECONDS, CREDENTIALS, PLUGINS, PREFIX, run_boto, started

from provender import files

PROFILE = "workflow/profiles/kubernetes"
SETTINGS = yaml.safe_load((ROOT / PROFILE / "config.yaml").read_text(encoding="utf-8"))

# Seconds that a build may take.
BUILD_SECONDS = 1800

PROVES = (
    "workflow/profiles/kubernetes/*", "workflow/Snakefile", "workflow/rules/*.smk",
    "src/provender/running/*.py", "tests/cluster.lock", "tests/remotes.lock", "requirements.lock",
)  # fmt: skip

# Copies what is in the bucket to a folder.
DOWNLOAD = """
import pathlib, sys
import boto3
bucket = boto3.resource("s3", endpoint_url=sys.argv[1]).Bucket(sys.argv[2])
for each in bucket.objects.all():
    path = pathlib.Path(sys.argv[3], each.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    bucket.download_file(each.key, str(path))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Return the address of a store with an empty bucket, and the file that makes it busy."""
    with started(tmp_path) as found:
        yield found


def outputs(folder: Path) -> dict[str, str]:
    """Return the digest of each file that a build made, but for receipts, which name places."""
    return {
        path.relative_to(folder).as_posix(): files.sha256(path)
        for part in ("data", "dist")
        for path in (folder / part).rglob("*")
        if path.is_file() and "receipts" not in path.parts
    }


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_a_build_through_a_store(
    small_project: Project, small_build: Project, store: tuple[str, Path], tmp_path: Path
) -> None:
    """What was made is in the bucket, to the bytes of a local build; 503 for a minute only delays.

    The plugin asks as often as the profile says.
    """
    address, busy = store
    environment = small_project.environment() | CREDENTIALS
    environment["PYTHONPATH"] += os.pathsep + PLUGINS
    command = ["snakemake", "--cores", "2", "--configfile", "small.yaml"]
    command += ["--default-storage-provider", SETTINGS["default-storage-provider"]]
    command += ["--default-storage-prefix", f"s3://{BUCKET}/{PREFIX}"]
    command += ["--storage-s3-endpoint-url", address]
    command += ["--storage-s3-retries", str(SETTINGS["storage-s3-retries"])]
    log = tmp_path / "build.txt"
    with log.open("w", encoding="utf-8") as output:
        build = subprocess.Popen(
            command, cwd=small_project.folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + BUILD_SECONDS
            while "3 of 19 steps" not in log.read_text(encoding="utf-8"):
                assert build.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            busy.touch()
            time.sleep(BUSY_SECONDS)
            assert build.poll() is None, log.read_text(encoding="utf-8")
            busy.unlink()
            assert build.wait(BUILD_SECONDS) == 0, log.read_text(encoding="utf-8")
        finally:
            build.kill()
            build.wait()
    assert not (small_project.folder / "data").exists()
    run_boto(DOWNLOAD, address, BUCKET, tmp_path / "bucket")
    assert outputs(tmp_path / "bucket" / PREFIX) == outputs(small_build.folder)
    # Neither code nor configuration went there.
    assert {path.name for path in (tmp_path / "bucket" / PREFIX).iterdir()} == {"data", "dist"}


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_the_plan_for_kubernetes(
    small_project: Project, store: tuple[str, Path], tmp_path: Path
) -> None:
    """Snakemake takes the profile, with both plugins, and plans every job of the build."""
    path = os.pathsep.join([str(small_project.folder / "src"), PLUGINS])
    command = ["snakemake", "--dry-run", "--profile", PROFILE, "--configfile", "small.yaml"]
    command += ["--default-storage-prefix", f"s3://{BUCKET}/{PREFIX}"]
    command += ["--storage-s3-endpoint-url", store[0]]
    done = small_project.run(*command, PYTHONPATH=path, **CREDENTIALS)
    planned = done.stdout + done.stderr
    local = small_project.snakemake("--dry-run")
    jobs = [
        line
        for line in (local.stdout + local.stderr).splitlines()
        if line.startswith("encode_posts ")
    ]
    assert jobs and set(jobs) <= set(planned.splitlines())
    assert "total                   19" in planned
