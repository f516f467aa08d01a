"""A store that speaks S3's API, moto's, for the time of a test; and it can be out of order."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ports import free_port, listens

# Where tests/install-slurm and tests/install-remotes put Snakemake's plugins, and moto: in the
# environment at hand, which copies of the project do not have.
PLUGINS = str(Path(sys.prefix) / "cluster-packages")
MOTO = str(Path(sys.prefix) / "remote-packages")

BUCKET, PREFIX = "builds", "a/project"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "not-a-real-key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# Seconds of answers of 503, and until a server must answer.
BUSY_SECONDS, SERVER_SECONDS = 60, 60


def run_boto(program: str, *words: str | Path) -> None:
    """Run a program that speaks with the store."""
    environment = os.environ | CREDENTIALS | {"PYTHONPATH": PLUGINS}
    subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], env=environment, check=True, timeout=300
    )


@contextmanager
def started(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Return the address of a store with an empty bucket, and the file that makes it busy."""
    port, busy = free_port(), tmp_path / "busy"
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, Path(__file__).with_name("busy_store.py"), str(port), busy]
    log = tmp_path / "store.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=os.environ | CREDENTIALS | {"PYTHONPATH": MOTO},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + SERVER_SECONDS
            while not listens(port):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            make = "import boto3, sys\nboto3.client('s3', endpoint_url=sys.argv[1])"
            run_boto(f"{make}.create_bucket(Bucket=sys.argv[2])", address, BUCKET)
            yield address, busy
        finally:
            server.kill()
            server.wait()
