"""containers/serve takes a bundle that is what it says, and serves it with the page's headers."""

import gzip
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import free_port
from releases import Release
from served import PAGE, USER, Server, as_user, check, make_bundle, serving, sign

from provender import files
from provender.bundle import serve as serve_here
from provender.release import signing


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle of the test's own."""
    return make_bundle(tmp_path / "bundle")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a private key; its public key is beside it."""
    signing.generate(tmp_path / "key.pem")
    return tmp_path / "key.pem"


def test_what_the_manifest_names_is_taken(bundle: Path, tmp_path: Path) -> None:
    """Nothing else is, and what gets smaller has compressed copies of the same content."""
    (bundle / "notes.txt").write_text("mine")
    done = check(bundle, tmp_path / "work")
    assert done.code == 0, done.said
    assert "serving tiny 1.0.0, manifest " in done.said
    named = {*json.loads((bundle / "manifest.json").read_text())["files"], "manifest.json"}
    assert done.served - {f"{name}.{ending}" for name in named for ending in ("gz", "br")} == named
    site = tmp_path / "work" / "site"
    assert gzip.decompress((site / "index.html.gz").read_bytes()).decode() == PAGE
    said = subprocess.run(
        ["brotli", "--decompress", "--stdout", site / "index.html.br"], check=True,
        capture_output=True,
    )  # fmt: skip
    assert said.stdout.decode() == PAGE
    # Smaller than a packet.
    assert "page.js.gz" not in done.served


def test_a_release_is_taken_too(bundle: Path, tmp_path: Path) -> None:
    """Its bundle lies in a folder of it."""
    bundle.rename(tmp_path / "small-1.0.0.part")
    (tmp_path / "release").mkdir()
    (tmp_path / "small-1.0.0.part").rename(tmp_path / "release" / "bundle")
    assert check(tmp_path / "release", tmp_path / "work").code == 0


def test_an_altered_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    """One letter is enough; the file is named, and nothing would be served."""
    (bundle / "page.js").write_text("ruN();\n")
    done = check(bundle, tmp_path / "work")
    assert (done.code, done.served) == (1, set())
    assert "page.js: FAILED" in done.said
    assert "is not what its manifest.json says: bring it again" in done.said


def test_a_bundle_that_lacks_a_file_is_refused(bundle: Path, tmp_path: Path) -> None:
    """As one is whose upload is not over."""
    (bundle / "page.js").unlink()
    done = check(bundle, tmp_path / "work")
    assert (done.code, done.served) == (1, set())
    assert "page.js" in done.said


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """The message says what to mount."""
    (tmp_path / "bundle").mkdir()
    done = check(tmp_path / "bundle", tmp_path / "work")
    assert done.code == 1
    assert f"there is no manifest.json in {tmp_path}/bundle" in done.said
    assert "--volume FOLDER:/bundle:ro" in done.said


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "a/../../b", "a\n../b", "", ".hidden", "a//b"]
)
def test_no_name_leads_out_of_the_folder(bundle: Path, tmp_path: Path, name: str) -> None:
    """A manifest that names such a file is none."""
    manifest = files.read_json(bundle / "manifest.json")
    manifest["files"][name] = manifest["files"]["page.js"]
    files.write_json(bundle / "manifest.json", manifest)
    done = check(bundle, tmp_path / "work")
    assert (done.code, done.served) == (1, set())
    assert "is no manifest of a bundle" in done.said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}}', '{"files": 1}', "\0", "{} {}"])
def test_a_manifest_that_is_none(bundle: Path, tmp_path: Path, text: str) -> None:
    """Whatever it is, one message says so."""
    (bundle / "manifest.json").write_text(text)
    done = check(bundle, tmp_path / "work")
    assert (done.code, done.served) == (1, set())
    assert "is no manifest of a bundle" in done.said
    assert len(done.said.splitlines()) == 1


def test_a_signed_bundle(bundle: Path, tmp_path: Path, key: Path) -> None:
    """The publisher's key accepts it; without a key that is said."""
    sign(bundle, key)
    done = check(bundle, tmp_path / "work", KEY=f"{key}.pub")
    assert done.code == 0, done.said
    assert "provenance.dsse.json" in done.served
    assert "no KEY" not in done.said
    assert "no KEY is given" in check(bundle, tmp_path / "work").said


def test_a_release_as_it_is_published(released: Release, tmp_path: Path) -> None:
    """With the statement, the envelope and the key that provender makes."""
    done = check(released.folder, tmp_path / "work", KEY=released.public_key)
    assert done.code == 0, done.said
    assert "serving small 0.1.0" in done.said
    signing.generate(tmp_path / "other.pem")
    assert check(released.folder, tmp_path / "work", KEY=tmp_path / "other.pem.pub").code == 1


def test_another_s_signature_is_refused(bundle: Path, tmp_path: Path, key: Path) -> None:
    """The bundle is right, but anyone could have made it."""
    signing.generate(tmp_path / "other.pem")
    sign(bundle, tmp_path / "other.pem")
    done = check(bundle, tmp_path / "work", KEY=f"{key}.pub")
    assert (done.code, done.served) == (1, set())
    assert "is not signed with the key" in done.said


def test_an_altered_statement_is_refused(bundle: Path, tmp_path: Path, key: Path) -> None:
    """The signature is of other bytes; and the statement beside it must be the one signed."""
    sign(bundle, key)
    envelope = files.read_json(bundle / "provenance.dsse.json")
    altered = f"{envelope['payload'][:-8]}AAAAAAA="
    files.write_json(bundle / "provenance.dsse.json", {**envelope, "payload": altered})
    assert check(bundle, tmp_path / "work", KEY=f"{key}.pub").code == 1
    sign(bundle, key)
    (bundle / "provenance.intoto.json").write_text("{}")
    done = check(bundle, tmp_path / "work", KEY=f"{key}.pub")
    assert (done.code, done.served) == (1, set())
    assert "is another release than this" in done.said


def test_a_signature_of_another_release_is_refused(bundle: Path, tmp_path: Path, key: Path) -> None:
    """The key's holder has signed it, but not this manifest."""
    other = make_bundle(tmp_path / "other", "2.0.0")
    sign(bundle, key, other / "manifest.json")
    done = check(bundle, tmp_path / "work", KEY=f"{key}.pub")
    assert (done.code, done.served) == (1, set())
    assert "is another release than this" in done.said


def test_an_unsigned_bundle_is_refused_where_a_key_is_given(
    bundle: Path, tmp_path: Path, key: Path
) -> None:
    """To leave the signature out is no way around it."""
    done = check(bundle, tmp_path / "work", KEY=f"{key}.pub")
    assert (done.code, done.served) == (1, set())
    assert "nobody has signed it" in done.said


def test_a_key_that_is_none(bundle: Path, tmp_path: Path, key: Path) -> None:
    """A private key, which has no place there, and no file."""
    sign(bundle, key)
    for wrong in (key, tmp_path / "none.pub", bundle / "page.js"):
        done = check(bundle, tmp_path / "work", KEY=wrong)
        assert done.code == 1
        assert f"KEY names {wrong}, which is no public ed25519 key" in done.said
        assert "BEGIN" not in done.said


def test_a_folder_that_cannot_be_written(bundle: Path) -> None:
    """What it is to mount is said."""
    done = check(bundle, Path("/proc/provender"))
    assert done.code == 1
    assert "--tmpfs /tmp" in done.said


@pytest.fixture
def server(bundle: Path) -> Iterator[Server]:
    """Return a server of the bundle."""
    with serving(bundle, free_port()) as server:
        server.wait_for("serving tiny")
        wait_until_it_listens(server)
        yield server


def wait_until_it_listens(server: Server) -> None:
    """Wait until the health check says that the page is served."""
    environment = os.environ | {"PORT": str(server.port)}
    for _ in range(100):
        if subprocess.run([server.folder / "serve", "health"], env=environment, check=False,
                          capture_output=True).returncode == 0:  # fmt: skip
            return
        time.sleep(0.05)
    raise AssertionError(server.said())


def test_headers(server: Server) -> None:
    """They are those of provender serve, as those of other servers are (docs/hosting.md)."""
    for name in ("", "page.js", "demo.single.html", "model-card.html", "none.html"):
        status, headers, _ = server.get(name)
        assert status == (404 if name == "none.html" else 200)
        told = {key.lower(): value for key, value in serve_here.headers_of(name).items()}
        assert {key: headers.get(key) for key in told} == told
    for name in ("index.html", "page.js", "tfjs/layers/model.json"):
        expected = serve_here.TYPES[Path(name).suffix]
        assert server.get(name)[1]["content-type"] == expected
    assert server.get("")[2].decode() == PAGE
    assert server.get("")[1]["server"] == "nginx"


def test_what_has_its_digest_in_its_address_is_kept_for_ever(server: Server) -> None:
    """But no error, whatever its address."""
    digest = files.sha256(server.bundle / "tfjs/layers/model.json")
    for name, status, kept in (
        ("tfjs/layers/model.json", 200, serve_here.KEPT_FOR_EVER),
        ("none.json", 404, "no-cache"),
    ):
        found, headers, _ = server.get(f"{name}?sha256={digest}")
        assert (found, headers["cache-control"]) == (status, kept)


def test_compressed_beforehand(server: Server) -> None:
    """Who takes it gets the smaller copy; a cache in between is told that it depends."""
    for encoding, name in (("br, gzip", "br"), ("gzip", "gzip")):
        _, headers, content = server.get("tfjs/layers/model.json", encoding)
        assert headers["content-encoding"] == name
        assert headers["vary"] == "Accept-Encoding"
        assert len(content) < 200
    _, headers, content = server.get("tfjs/layers/model.json")
    assert "content-encoding" not in headers and len(content) > 2000
    assert server.get("tfjs/layers/model.json.gz")[0] == 404


def test_a_new_bundle_is_served_without_a_start(server: Server) -> None:
    """Though each of its files has the date and size of the old one."""
    old = {path: path.stat().st_mtime for path in server.bundle.rglob("*") if path.is_file()}
    _, before, _ = server.get("index.html")
    make_bundle(server.bundle, "2.0.0", PAGE.replace("Nothing", "Novelty"))
    for path, date in old.items():
        os.utime(path, (date, date))
    server.wait_for("serving tiny 2.0.0")
    _, headers, content = server.get("index.html")
    assert "Novelty" in content.decode()
    assert len(content) == len(PAGE)
    assert headers["etag"] != before["etag"]
    assert headers["last-modified"] != before["last-modified"]
    # The old copy is gone.
    assert len(list((server.folder / "work").glob("site.*"))) == 1


def test_an_altered_new_bundle_changes_nothing(server: Server) -> None:
    """The old one is served on, the reason is said once, and the mended one is taken."""
    make_bundle(server.bundle, "2.0.0")
    (server.bundle / "page.js").write_text("evil();\n")
    server.wait_for("what was served before is served on")
    time.sleep(1)
    assert server.said().count("page.js: FAILED") == 1
    assert server.get("page.js")[2] == b"run();\n"
    make_bundle(server.bundle, "2.0.0")
    server.wait_for("serving tiny 2.0.0")


def test_health_and_end(server: Server) -> None:
    """The check is that of whether the page is served; to end it is no failure."""
    assert server.stop() == 0
    environment = os.environ | {"PORT": str(server.port)}
    command = [server.folder / "serve", "health"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert done.returncode == 1


def test_a_port_that_is_taken(bundle: Path) -> None:
    """The message names it, and how to give another."""
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        with serving(bundle, port) as server:
            assert server.process.wait(20) == 1
            assert f"if port {port} is in use, give another by --env PORT=" in server.said()


def test_a_bundle_of_another_owner(bundle: Path, tmp_path: Path) -> None:
    """Who it runs as is named."""
    with serving(bundle, free_port()) as server:
        server.stop()
        (server.bundle / "manifest.json").chmod(0)
        done = subprocess.run(
            [*as_user(), server.folder / "serve", "check"],
            env=os.environ | {"BUNDLE": str(server.bundle), "WORK": str(server.folder / "work")},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert f"that user {USER if as_user() else os.geteuid()} can read" in done.stderr
