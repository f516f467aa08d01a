"""A made-up bundle, and containers/serve at work on it outside of a container."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

from provender import files
from provender.release import signing

SERVE = ROOT / "containers" / "serve"

# www-data of Debian, as which nginx runs where the tests run as root.
USER = 33

# Seconds until the page must be served, or another bundle taken.
SERVED_SECONDS = 20

PAGE = "<!doctype html><title>Tiny</title>" + "<p>Nothing to see here.</p>" * 100
PAGES = ("index.html", "demo.single.html", "model-card.html")
OTHER_FILES = {"page.js": "run();\n", "tfjs/layers/model.json": json.dumps({"a": [0] * 900})}


def make_bundle(
    folder: Path, version: str = "1.0.0", page: str = PAGE, more: dict[str, str] | None = None
) -> Path:
    """Write a bundle of few files, and ``more`` by name, with a manifest that is right."""
    texts = {**dict.fromkeys(PAGES, page), **OTHER_FILES, **(more or {})}
    for name, text in texts.items():
        files.write_text(folder / name, text)
    described = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": files.sha256(folder / name)}
        for name in texts
    }
    manifest = {"format": 1, "name": "tiny", "version": version, "files": described}
    files.write_json(folder / "manifest.json", manifest)
    return folder


def sign(bundle: Path, key: Path, manifest: Path | None = None) -> None:
    """Lay a statement and its envelope beside a bundle, of its manifest or of another."""
    digest = files.sha256(manifest or bundle / "manifest.json")
    subject = [{"name": "bundle/manifest.json", "digest": {"sha256": digest}}]
    payload = json.dumps({"subject": subject}).encode()
    (bundle / "provenance.intoto.json").write_bytes(payload)
    envelope = signing.sign(payload, signing.read_signer(key))
    files.write_json(bundle / "provenance.dsse.json", envelope)


@dataclass
class Checked:
    """What ``serve check`` came to."""

    code: int
    said: str
    work: Path

    @property
    def served(self) -> set[str]:
        """The names of the files that would be served."""
        site = self.work / "site"
        return {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}


def check(bundle: Path, work: Path, **environment: str | Path) -> Checked:
    """Have a bundle checked."""
    settings = {"BUNDLE": bundle, "WORK": work, **environment}
    done = subprocess.run(
        [SERVE, "check"],
        env=os.environ | {name: str(value) for name, value in settings.items()},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    return Checked(done.returncode, done.stderr, work)


def as_user() -> list[str]:
    """Return the words before a command by which it does not run as root."""
    if os.geteuid():
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


class Server:
    """``serve`` in a process of its own."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen, log: Path) -> None:
        """Take a process that serves ``folder / "bundle"``."""
        self.folder, self.port, self.process, self.log = folder, port, process, log
        self.bundle = folder / "bundle"

    def get(self, name: str, encoding: str = "") -> tuple[int, dict[str, str], bytes]:
        """Ask for a file; return the status, the headers by lower-case name, and the content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SERVED_SECONDS)
        connection.request("GET", f"/{name}", headers={"Accept-Encoding": encoding or "identity"})
        answer = connection.getresponse()
        headers = {key.lower(): value for key, value in answer.getheaders()}
        content = answer.read()
        connection.close()
        return answer.status, headers, content

    def said(self) -> str:
        """Return what it has said."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        """Wait until it has said something."""
        deadline = time.monotonic() + SERVED_SECONDS
        while text not in self.said():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def stop(self) -> int:
        """End it as a container is ended; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SERVED_SECONDS)


@contextmanager
def serving(bundle: Path, port: int, command: list[str | Path] | None = None) -> Iterator[Server]:
    """Serve a copy of a bundle, by ``command`` where one is given, until the end of the block."""
    # Below /tmp, since the tests' own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="provender-serve-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(bundle, folder / "bundle")
        for each in (SERVE, SERVE.with_name("nginx.conf")):
            shutil.copy(each, folder)
        work = folder / "work"
        work.mkdir()
        reading, writing = os.pipe()
        if not os.geteuid():
            os.chown(work, USER, USER)
            # As whatever starts a container does, so that nginx may open its log.
            os.fchown(writing, USER, USER)
        settings = {"BUNDLE": folder / "bundle", "WORK": work, "PORT": port, "EVERY": 0.2}
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                command or [*as_user(), folder / "serve"],
                env=os.environ | {key: str(value) for key, value in settings.items()},
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            os.close(writing)
            server = Server(folder, port, process, folder / "log")
            try:
                yield server
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                os.close(reading)
