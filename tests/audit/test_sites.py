"""A published page and an archive at an address are audited like what lies on disk."""

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from forgery import edit_statement
from releases import Release

from provender.audit import given
from provender.errors import Unavailable, UserError
from provender.release import statement


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; below /endless zeros without an end."""

    def do_GET(self) -> None:
        """Answer a request."""
        if not self.path.startswith("/endless"):
            super().do_GET()
            return
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(release: Release) -> Iterator[tuple[str, Path]]:
    """Return the address of a server, and the folder that it serves."""
    folder = release.folder.parent
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.mark.ci
def test_a_page_and_an_archive(release: Release, site: tuple[str, Path]) -> None:
    """Both are fetched and confirmed; what is missing or edited there is named."""
    address, _ = site
    key = ("--key", release.public_key)
    said = release.audit(*key, release=f"{address}/{release.archive.name}", code=0)
    assert "✓ version: it is small-0.1.0" in said
    page = f"{address}/{release.folder.name}/bundle"
    for name in (page, f"{page}/", f"{page}/index.html"):
        said = release.audit(*key, "--files", release=name, code=0)
    assert "what a site has besides, no reader of it can see" in said
    assert "✓ shipped files: " in release.audit(*key, release=page, code=0)
    (release.folder / "bundle" / "style.css").unlink()
    (release.folder / "bundle" / "page.js").write_text("fetch('/')")
    said = release.audit(*key, "--files", release=page, code=1)
    assert "✗ files: missing: style.css" in said
    assert "✗ files: other content than the statement says: page.js" in said
    # The newer page under an older name of an archive.
    shutil.copy(release.archive, release.archive.with_name("small-0.0.9.tar.gz"))
    said = release.audit("--files", release=f"{address}/small-0.0.9.tar.gz", code=1)
    assert "✗ version: it is called small-0.0.9" in said


@pytest.mark.ci
def test_no_clone_at_hand(release: Release, tmp_path: Path) -> None:
    """The repository, whole or bare, and the remote may be named by their places."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bare = tmp_path / "bare.git"
    release.project.git("clone", "--quiet", "--bare", ".", str(bare))

    def audit(*arguments: str | Path, code: int) -> str:
        done = subprocess.run(
            ["provender", "audit", str(release.archive), *map(str, arguments)],
            cwd=elsewhere,
            # A folder of another repository above this one is none of the release's.
            env={**release.project.environment(), "GIT_CEILING_DIRECTORIES": str(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    assert "? repository: there is none to look into" in audit(code=2)
    remote = ("--remote", release.remote)
    for place in (f"file://{release.project.folder}", bare, release.project.folder):
        assert "a repository named by you" in audit("--repository", place, *remote, code=0)
    # Its own remote is a folder beside it, where a clone elsewhere finds nothing.
    said = audit("--repository", bare, code=2)
    assert "? remote: it lacks what was recorded" in said
    said = audit("--repository", f"file://{tmp_path}/nothing", code=2)
    assert "cannot be cloned" in said


def test_a_repository_that_only_the_release_names(
    release: Release, site: tuple[str, Path], tmp_path: Path
) -> None:
    """It is fetched and compared, but nothing of it is run."""
    address, folder = site
    release.project.git("clone", "--quiet", "--bare", ".", str(folder / "project.git"))
    release.project.run("git", "-C", folder / "project.git", "update-server-info")

    def name(value: dict) -> None:
        source = value["predicate"]["buildDefinition"]["resolvedDependencies"][0]
        commit = source["digest"]["gitCommit"]
        source["uri"] = f"git+{address}/project.git@{commit}"

    edit_statement(release.folder, name)
    done = subprocess.run(
        ["provender", "audit", release.folder, "--remote", release.remote, "--rebuild"],
        cwd=tmp_path,
        env={**release.project.environment(), "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
        check=False,
        capture_output=True,
        text=True,
    )
    said = " ".join(done.stdout.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert "a repository named by the release itself; its tree is the same" in said
    assert "✓ receipts" in said and "✗" not in said
    assert "? rebuild: it runs the code of http://127.0.0.1" in said


def test_a_manifest_that_leads_elsewhere(release: Release, site: tuple[str, Path]) -> None:
    """Names in a site's manifest are no paths of the auditor's machine."""
    address, _ = site
    bundle = release.folder / "bundle"
    (bundle / statement.STATEMENT).unlink()
    text = (bundle / "manifest.json").read_text(encoding="utf-8")
    (bundle / "manifest.json").write_text(text.replace('"style.css"', '"../../style.css"'))
    said = release.audit(release=f"{address}/{release.folder.name}/bundle", code=1)
    assert "the site's manifest.json names a path that leads out of its folder" in said


def test_servers_that_do_not_answer_well(
    site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never ends is given up by size or by time; what is not there is said to be so."""
    address, _ = site
    monkeypatch.setattr(given, "MAX_FETCHED", 10 << 20)
    with (
        pytest.raises(given.Unsafe, match="more than 10,485,760 bytes are not fetched"),
        given.open_given(f"{address}/endless.zip"),
    ):
        pass
    monkeypatch.setattr(given, "MAX_FETCHED", 1 << 60)
    monkeypatch.setattr(given, "FETCH_SECONDS", 0.5)
    with (
        pytest.raises(Unavailable, match=r"was not fetched within 0.5 s"),
        given.open_given(f"{address}/endless.zip"),
    ):
        pass
    with (
        pytest.raises(UserError, match="there is nothing at"),
        given.open_given(f"{address}/x.zip"),
    ):
        pass
