"""Servers with the configurations of docs/hosting.md, and provender serve, which agrees with them.

Each serves the same folder on this machine. The headers of all, and the page's own policy, are
compared with those of provender serve.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from hosts import COMMANDS, DOCUMENT, Host, block, host
from node_runner import run_node_tests

from provender.bundle import page, serve
from provender.release import archive

# One of each type, and whether its content gets smaller.
SITE = {
    "index.html": b"<!doctype html><title>Tiny</title>" + b"<p>Nothing to see here.</p>" * 100,
    "demo.single.html": b"<!doctype html><title>One file</title>" + b"<p>Nothing</p>" * 200,
    "model-card.html": b"<!doctype html><title>Card</title>" + b"<p>Nothing</p>" * 200,
    "style.css": b"p { color: black }\n" * 100,
    "page.js": b"run();\n" * 300,
    "worker.js": b"work();\n" * 300,
    "sw.js": b"keep();\n" * 300,
    "module.mjs": b"export {};\n" * 300,
    "notes.txt": "Grüße\n".encode() * 300,
    "manifest.json": b'{"files": {}}' + b" " * 2000,
    "site.webmanifest": b'{"name": "tiny"}' + b" " * 2000,
    "icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>' + b" " * 2000,
    "kernel.wasm": b"\0asm\1\0\0\0" + bytes(2000),
    "tfjs/layers/group1-shard1of1.bin": bytes(range(10)) * 300,
    "tfjs/layers/model.json": b'{"a": 0}' + b" " * 2000,
}

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "bin": "application/octet-stream",
}

# What has a policy of its own in a browser: pages, and workers.
HAVE_POLICIES = {"index.html", *serve.OF_ONE_FILE, "worker.js", "sw.js"}


def write_site(folder: Path) -> Path:
    """Write SITE into a folder, beside which is a file that is not of it."""
    for name, content in SITE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder.parent / "outside.txt").write_text("not to be seen")
    return folder


@pytest.fixture(scope="module", params=COMMANDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Give each server, of a folder of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    with host(COMMANDS[request.param], write_site(folder / "site"), folder) as server:
        yield server


def test_headers(served: Host) -> None:
    """Each file has all that provender serve sends, and so has an error."""
    for name in ["", *SITE, "none.html"]:
        answer = served.ask(f"/{name}")
        assert answer.status == (404 if name == "none.html" else 200)
        told = {key.lower(): value for key, value in serve.headers_of(name).items()}
        assert {key: answer.headers.get(key) for key in told} == told, name


def test_what_has_its_digest_in_its_address_is_kept_for_ever(served: Host) -> None:
    """Compressed or not, and where it has not changed; but no error, and nothing else."""
    digest = hashlib.sha256(SITE["page.js"]).hexdigest()
    for coding in ("gzip", "identity"):
        first = served.ask(f"/page.js?sha256={digest}", Accept_Encoding=coding)
        told = {key.lower(): value for key, value in serve.headers_of("page.js", kept=True).items()}
        assert {key: first.headers.get(key) for key in told} == told
        again = {"Accept_Encoding": coding, "If_None_Match": first.headers["etag"]}
        answer = served.ask(f"/page.js?sha256={digest}", **again)
        assert answer.status == 304
        assert answer.headers["cache-control"] == serve.KEPT_FOR_EVER
    for address in ("page.js", "page.js?x=1", f"none.js?sha256={digest}"):
        assert served.ask(f"/{address}").headers["cache-control"] == "no-cache", address


def test_types(served: Host) -> None:
    """Of every kind of file that a bundle has or may have; text is in UTF-8."""
    assert {name.rpartition(".")[2] for name in SITE} == set(TYPES)
    for name, content in SITE.items():
        answer = served.ask(f"/{name}")
        assert answer.headers["content-type"] == TYPES[name.rpartition(".")[2]]
        assert answer.content == content
        assert answer.headers["content-length"] == str(len(content))
        assert "content-encoding" not in answer.headers
    assert served.ask("/").content == SITE["index.html"]
    assert served.ask("/index.html?x=1").content == SITE["index.html"]


def test_compression(served: Host) -> None:
    """Who takes gzip gets less, once; a cache in between is told that it depends."""
    for name, content in SITE.items():
        answer = served.ask(f"/{name}", Accept_Encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip", name
        assert len(answer.content) < len(content) / 2
        assert gzip.decompress(answer.content) == content
        assert answer.headers["vary"].lower() == "accept-encoding"
        assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)
        assert answer.headers["content-type"] == TYPES[name.rpartition(".")[2]]


def test_what_has_not_changed_is_not_sent_again(served: Host) -> None:
    """With and without compression; what has changed is, though it has the same size."""
    for coding in ("gzip", "identity"):
        first = served.ask("/page.js", Accept_Encoding=coding)
        again = {"Accept_Encoding": coding, "If_None_Match": first.headers["etag"]}
        answer = served.ask("/page.js", **again)
        assert (answer.status, answer.content) == (304, b"")
        weak = "W/"
        assert answer.headers["etag"].removeprefix(weak) == first.headers["etag"].removeprefix(weak)
        assert answer.headers["cache-control"] == "no-cache"
        file = served.site / "page.js"
        date = file.stat().st_mtime
        file.write_bytes(SITE["page.js"].replace(b"run", b"fun"))
        # The dates of servers have whole seconds.
        os.utime(file, (date + 2, date + 2))
        answer = served.ask("/page.js", **again)
        assert answer.status == 200
        assert answer.headers["etag"] != first.headers["etag"]
        file.write_bytes(SITE["page.js"])


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_dates(tmp_path: Path, name: str) -> None:
    """Both servers take a file of one date and size for the same; tar --touch makes it new."""
    with host(COMMANDS[name], write_site(tmp_path / "site"), tmp_path) as server:
        file = server.site / "page.js"
        os.utime(file, (9, 9))
        tag = server.ask("/page.js").headers["etag"]
        file.write_bytes(SITE["page.js"].replace(b"run", b"fun"))
        os.utime(file, (9, 9))
        assert server.ask("/page.js", If_None_Match=tag).status == 304
        archive.write(tmp_path / "release.tar.gz", {"page.js": file})
        command = ["tar", "--extract", "--touch", "--file", tmp_path / "release.tar.gz"]
        subprocess.run(command, cwd=server.site, check=True)
        assert server.ask("/page.js", If_None_Match=tag).status == 200


def test_only_the_headers(served: Host) -> None:
    """HEAD gives those of GET, and no content."""
    for coding in ("identity", "gzip"):
        whole = served.ask("/page.js", Accept_Encoding=coding)
        head = served.ask("/page.js", "HEAD", Accept_Encoding=coding)
        assert (head.status, head.content) == (200, b"")
        # Caddy does not compress for it, and so sends the length.
        own = {"date", "etag", "vary", "accept-ranges", "connection", "transfer-encoding"}
        own |= {"content-length", "content-encoding"}
        assert {key: value for key, value in head.headers.items() if key not in own} == {
            key: value for key, value in whole.headers.items() if key not in own
        }
    assert served.ask("/none.html", "HEAD").status == 404


def test_a_range(served: Host) -> None:
    """What is answered is that range, and says so, or the whole."""
    answer = served.ask("/page.js", Range="bytes=7-13")
    if answer.status == 206:
        assert answer.content == b"run();\n"
        assert answer.headers["content-range"] == f"bytes 7-13/{len(SITE['page.js'])}"
    else:
        assert (answer.status, answer.content) == (200, SITE["page.js"])
        assert answer.headers["accept-ranges"] == "none"


OUTSIDE = ["/../outside.txt", "/%2e%2e/outside.txt", "/tfjs/..%2f..%2foutside.txt", "//outside.txt"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_of_the_folder(served: Host, path: str) -> None:
    """However the path is written."""
    answer = served.ask(path)
    assert answer.status in (400, 404)
    assert b"not to be seen" not in answer.content


@pytest.mark.parametrize("path", ["/tfjs", "/tfjs/", "/tfjs/layers/"])
def test_no_folder_is_listed(served: Host, path: str) -> None:
    """Nor is there a page in it."""
    answer = served.ask(path)
    if answer.status in (301, 308):
        answer = served.ask(f"{path}/")
    assert answer.status in (403, 404)
    assert b"model.json" not in answer.content and b"layers" not in answer.content


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page(small_bundle: Path, tmp_path: Path, name: str) -> None:
    """In Chromium: each engine answers, it works offline, and no policy is complained of."""
    site = tmp_path / "site"
    shutil.copytree(small_bundle, site)
    with host(COMMANDS[name], site, tmp_path) as server:
        address = f"http://127.0.0.1:{server.port}/"
        run_node_tests("test/container/*.test.js", ADDRESS=address, BUNDLE=str(small_bundle))


def test_policies_agree() -> None:
    """The page's own policy, and what provender serve and every configuration send with it."""
    sent = serve.headers_of("index.html")["Content-Security-Policy"]
    assert sent == f"{page.POLICY}; {serve.FRAMES_POLICY}"
    image = (ROOT / "containers" / "nginx.conf").read_text(encoding="utf-8")
    # An image, nginx, Caddy, and four rules of Netlify's.
    for name, text, count in (
        ("containers/nginx.conf", image, 1),
        ("docs/hosting.md", DOCUMENT, 6),
    ):
        found = re.findall(r"default-src [^\"\n]*", text)
        assert found == [sent] * count, f"{name} has another policy than provender serve: {sent}"


def test_every_header_is_explained() -> None:
    """The table of docs/hosting.md has those that provender serve sends."""
    explained = re.findall(r"^\| `([\w-]+)` \|", DOCUMENT, re.MULTILINE)
    assert sorted(explained) == sorted(serve.headers_of("index.html"))


def parse_netlify(text: str) -> dict[str, dict[str, str]]:
    """Return the headers of each rule of a _headers file."""
    rules: dict[str, dict[str, str]] = {}
    for line in filter(str.strip, text.splitlines()):
        if line.startswith("/"):
            path = line.strip()
            assert path not in rules
            rules[path] = {}
        else:
            name, value = line.strip().split(": ", 1)
            assert line.startswith("  ") and name not in rules[path]
            rules[path][name] = value
    return rules


def test_netlify() -> None:
    """Its file gives every file what provender serve gives it; policies where they are used."""
    rules = parse_netlify(block("netlify"))
    assert all("*" not in path.removesuffix("/*") for path in rules)
    for name in ["", *SITE]:
        matching = [
            headers
            for path, headers in rules.items()
            if path == f"/{name}" or (path.endswith("*") and f"/{name}".startswith(path[:-1]))
        ]
        given = [header for headers in matching for header in headers]
        assert len(given) == len(set(given)), "two rules set one header"
        expected = serve.headers_of(name)
        if (name or "index.html") not in HAVE_POLICIES:
            del expected["Content-Security-Policy"]
        assert {key: value for headers in matching for key, value in headers.items()} == expected
    settings = tomllib.loads(block("toml"))
    assert settings["build"] == {"publish": "site", "processing": {"skip_processing": True}}


def test_every_worker_has_a_policy_at_netlify(small_bundle: Path) -> None:
    """The pages and workers of a bundle are those that have rules."""
    names = {path.name for path in small_bundle.iterdir()}
    scripts = {name for name in names if re.search(r"worker|sw\.js", name)}
    assert {name for name in names if name.endswith(".html")} | scripts == HAVE_POLICIES
