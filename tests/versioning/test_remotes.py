"""Remotes that are real servers: what is pushed comes back, and damage is found."""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, Project
from ports import free_port, listens
from recorded import objects, wipe

from provender.files import sha256

# Where tests/install-remotes puts the clients and the server of S3's API.
PACKAGES = str(ROOT / ".venv" / "remote-packages")

# Seconds until a server that was just started must answer.
SERVER_SECONDS = 60

BUCKET = "builds"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "not-a-real-key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# What speaks with a remote.
PROVES = (
    "src/provender/versioning/*.py",
    "tests/remotes.lock",
    "requirements.lock",
)


@contextmanager
def running(command: list[str | Path], port: int, folder: Path) -> Iterator[None]:
    """Run a server until the end of the block, from when it listens on."""
    log = folder / "server.log"
    environment = {**os.environ, "PYTHONPATH": PACKAGES, **CREDENTIALS}
    with (
        open(log, "wb") as output,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as server,
    ):
        deadline = time.monotonic() + SERVER_SECONDS
        try:
            while not listens(port):
                assert server.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
                time.sleep(0.05)
            yield
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Return a remote's settings and the environment for it, while moto serves S3's API."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, port, tmp_path):
        make = f"import boto3; boto3.client('s3', endpoint_url='{address}')"
        subprocess.run(
            [sys.executable, "-c", f"{make}.create_bucket(Bucket='{BUCKET}')"],
            env={**os.environ, "PYTHONPATH": PACKAGES, **CREDENTIALS},
            check=True,
        )
        yield {"url": f"s3://{BUCKET}/store", "endpointurl": address}, CREDENTIALS


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Return the same for a folder that OpenSSH serves on this machine."""
    # OpenSSH trusts no key below a folder that others may write to, as temporary ones are.
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name]
        subprocess.run(command, check=True)
    port = free_port()
    (keys / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\nPidFile none\n"
        f"AuthorizedKeysFile {keys}/user.pub\nPasswordAuthentication no\nStrictModes no\n"
        "UsePAM no\nSubsystem sftp internal-sftp\n"
    )
    # Where root's server puts a process without rights.
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running(["/usr/sbin/sshd", "-D", "-e", "-f", keys / "sshd_config"], port, tmp_path):
        store = tmp_path / "store"
        store.mkdir()
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{store}"
        yield {"url": url, "keyfile": str(keys / "user")}, {}


def go_round(recorded: Project, settings: dict[str, str], environment: dict[str, str]) -> None:
    """Push, wipe cache and workspace, pull, compare; then find a missing object."""

    def run(*command: str, code: int = 0) -> str:
        path = os.pathsep.join([str(recorded.folder / "src"), PACKAGES])
        done = recorded.run(*command, code=code, PYTHONPATH=path, **environment)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    # As docs/versioning.md has it: what is private goes to .dvc/config.local.
    run("dvc", "remote", "add", "--local", "--default", "server", settings["url"])
    for name in settings.keys() - {"url"}:
        run("dvc", "remote", "modify", "--local", "server", name, settings[name])
    shutil.rmtree(recorded.folder.parent / "provender-remote")
    files = {
        path: sha256(recorded.folder / path)
        for top in ("data", "dist")
        for path in (recorded.folder / top).rglob("*")
        if path.is_file()
    }
    said = run("dvc", "push") + run("provender", "verify-remote")
    assert "are in the remote, read and right" in said
    wipe(recorded)
    said += run("provender", "sync")
    assert {path: sha256(path) for path in files} == files
    assert "Nothing to be done" in run(
        "snakemake", "--cores", "1", "--configfile", "small.yaml", "--dry-run"
    )
    assert recorded.git("status", "--porcelain") == ""
    for secret in (*CREDENTIALS.values(), "keyfile"):
        assert secret not in said
        assert secret not in (recorded.folder / ".dvc" / "config").read_text(encoding="utf-8")


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_s3(recorded: Project, s3: tuple[dict[str, str], dict[str, str]]) -> None:
    """A round trip through S3's API, and an object swapped there is found."""
    settings, environment = s3
    go_round(recorded, settings, environment)
    swap = (
        f"import boto3; s3 = boto3.client('s3', endpoint_url='{settings['endpointurl']}')\n"
        f"key = s3.list_objects_v2(Bucket='{BUCKET}')['Contents'][0]['Key']\n"
        f"s3.put_object(Bucket='{BUCKET}', Key=key, Body=b'x' * 10**7)\nprint(key)"
    )
    swapped = recorded.run(sys.executable, "-c", swap, PYTHONPATH=PACKAGES, **environment).stdout
    path = os.pathsep.join([str(recorded.folder / "src"), PACKAGES])
    done = recorded.run("provender", "verify-remote", code=1, PYTHONPATH=path, **environment)
    assert f"other content: {BUCKET}/{'/'.join(swapped.strip().split('/'))}\n" in done.stderr


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_ssh(recorded: Project, ssh: tuple[dict[str, str], dict[str, str]], tmp_path: Path) -> None:
    """A round trip through OpenSSH, and an object truncated there is found."""
    settings, environment = ssh
    go_round(recorded, settings, environment)
    stored = max(objects(tmp_path / "store").values(), key=lambda path: path.stat().st_size)
    os.truncate(stored, 1000)
    path = os.pathsep.join([str(recorded.folder / "src"), PACKAGES])
    done = recorded.run("provender", "verify-remote", code=1, PYTHONPATH=path, **environment)
    assert "truncated, 1,000 of " in done.stderr
    assert str(stored) in done.stderr


def test_a_server_that_is_away(recorded: Project) -> None:
    """What cannot be reached is told in a line, not in a stack trace."""
    address = f"ssh://127.0.0.1:{free_port()}/store"
    recorded.run("dvc", "remote", "add", "--local", "--default", "server", address)
    path = os.pathsep.join([str(recorded.folder / "src"), PACKAGES])
    wipe(recorded)
    for command, code in (("verify-remote", 3), ("sync", 1)):
        done = recorded.run("provender", command, code=code, PYTHONPATH=path)
        assert "Traceback" not in done.stderr
        assert "Connect call failed" in done.stderr
