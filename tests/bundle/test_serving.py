"""provender serve sends each file at its smallest, once, and nothing from elsewhere.

What it has in common with other servers is tested by test_hosting.py.
"""

import gzip
import os
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from hosts import COMMANDS, Host, host

from provender.bundle import page, serve
from provender.errors import UserError

SCRIPT = b"run();\n" * 300
NOISE = random.Random(7).randbytes(3000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Host]:
    """Give a server of a folder of the test's own."""
    site = tmp_path / "site"
    site.mkdir()
    for name, content in {
        "index.html": b"here",
        "page.js": SCRIPT,
        "noise.bin": NOISE,
        "page.js.gz": gzip.compress(SCRIPT),
        "picture.png": SCRIPT,
        "with space.js": SCRIPT,
    }.items():
        (site / name).write_bytes(content)
    with host(COMMANDS["provender"], site, tmp_path) as server:
        yield server


def test_brotli(server: Host) -> None:
    """Who takes it gets it rather than gzip, under a tag of its own."""
    answer = server.ask("/page.js", Accept_Encoding="gzip, deflate, br, zstd")
    assert answer.headers["content-encoding"] == "br"
    assert brotli.decompress(answer.content) == SCRIPT
    tags = {
        server.ask("/page.js", Accept_Encoding=coding).headers["etag"]
        for coding in ("br", "gzip", "identity")
    }
    assert len(tags) == 3


def test_another_digest_is_no_reason_to_keep_a_file(server: Host) -> None:
    """It may be that of the next version, which is being uploaded."""
    for digest in ("", "0" * 64):
        answer = server.ask(f"/page.js?sha256={digest}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["noise.bin", "page.js.gz", "picture.png"])
def test_what_gets_no_smaller_is_sent_as_it_is(server: Host, name: str) -> None:
    """Nor is anything compressed that has been compressed before, as its name tells."""
    answer = server.ask(f"/{name}", Accept_Encoding="gzip, br")
    assert "content-encoding" not in answer.headers
    assert answer.content == (server.site / name).read_bytes()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        ("gzip ; q=0.001", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("br;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip", "gzip"),
        ("deflate, zstd", ""),
        ("gzip;q=much", ""),
        ("xgzip", ""),
    ],
)
def test_choice_of_a_coding(accepted: str, coding: str) -> None:
    """What is refused or not known is not taken, whatever else the header says."""
    assert serve.choose_coding(accepted) == coding


def test_the_tag_is_of_the_content(server: Host) -> None:
    """A build that gives the same bytes is not sent again; one of the same date and size is."""
    file = server.site / "page.js"
    date = file.stat().st_mtime
    tag = server.ask("/page.js").headers["etag"]
    os.utime(file, (date + 9, date + 9))
    assert server.ask("/page.js", If_None_Match=f'"other", W/{tag}').status == 304
    assert server.ask("/page.js", If_None_Match="*").status == 304
    assert server.ask("/page.js", If_None_Match='"other"').status == 200
    file.write_bytes(SCRIPT.replace(b"run", b"fun"))
    os.utime(file, (date + 9, date + 9))
    answer = server.ask("/page.js", If_None_Match=tag)
    assert (answer.status, answer.content[:3]) == (200, b"fun")


def test_no_link_leads_out_of_the_folder(server: Host, tmp_path: Path) -> None:
    """Neither of a file nor of a folder; one within it is followed."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.js").write_text("secret")
    (server.site / "link.js").symlink_to(tmp_path / "outside" / "secret.js")
    (server.site / "folder").symlink_to(tmp_path / "outside")
    (server.site / "same.js").symlink_to("page.js")
    assert server.ask("/link.js").status == 404
    assert server.ask("/folder/secret.js").status == 404
    assert server.ask("/same.js").content == SCRIPT


def test_what_dvc_links_to_is_sent(server: Host, tmp_path: Path) -> None:
    """With cache.type symlink, a bundle's files are links into the cache, wherever that is."""
    dvc = [sys.executable, "-m", "dvc"]
    for words in (
        ["init", "--no-scm", "--quiet"],
        ["config", "cache.type", "symlink"],
        ["cache", "dir", "--quiet", str(tmp_path / "cache")],
        ["add", "--quiet", "index.html", "page.js"],
    ):
        subprocess.run([*dvc, *words], cwd=server.site, check=True)
    kept = (server.site / "page.js").resolve()
    assert kept.is_relative_to(tmp_path / "cache")
    assert server.ask("/page.js").content == SCRIPT
    assert server.ask("/").content == b"here"
    # What is there but is not what its name says is no more than any other file.
    kept.chmod(0o644)
    kept.write_text("secret")
    assert server.ask("/page.js").status == 404


def meta(policy: str, name: str = "content") -> bytes:
    """Return a page that has a policy."""
    return f'<meta {name}="{policy}" http-equiv=content-security-POLICY>'.encode()


@pytest.mark.parametrize(
    ("page", "policy"),
    [
        (meta("default-src &#39;none&#39;"), "default-src 'none'"),
        (meta("img-src  *;\r\n  object-src *"), "img-src *; object-src *"),
        (b"<!-- " + meta("img-src *") + b" -->" + meta("font-src *"), "font-src *"),
        (meta("font-src *") + meta("img-src *"), "font-src *"),
        (b"<meta http-equiv=refresh content=9>", page.POLICY),
        (meta("img-src \u00e9"), page.POLICY),
        (meta("img-src *", "data-content"), page.POLICY),
        (b"\xff<", page.POLICY),
        (b"", page.POLICY),
    ],
    ids=["entities", "lines", "comment", "two", "other", "beyond-ascii", "data", "bytes", "none"],
)
def test_the_policy_is_that_of_the_page(page: bytes, policy: str) -> None:
    """As its meta has it; today's where there is none that a header can hold."""
    assert serve.policy_of(page) == policy


def test_an_older_release_is_served_with_its_policy(server: Host) -> None:
    """So are its workers and what it lacks; demo.single.html has its own policy."""
    page = server.site / "index.html"
    page.write_bytes(meta("img-src *"))
    (server.site / serve.OF_ONE_FILE[0]).write_text("one file")
    for name in ("", "page.js", "none.js"):
        sent = server.ask(f"/{name}").headers["content-security-policy"]
        assert sent == f"img-src *; {serve.FRAMES_POLICY}"
    sent = server.ask(f"/{serve.OF_ONE_FILE[0]}").headers["content-security-policy"]
    assert sent == serve.FRAMES_POLICY
    page.write_bytes(meta("font-src *"))
    assert server.ask("/").headers["content-security-policy"].startswith("font-src *; ")


def test_names(server: Host) -> None:
    """Of any characters; one that no file can have is none's."""
    assert server.ask("/with%20space.js").content == SCRIPT
    assert server.ask("/page.js%00").status == 404
    assert server.ask(f"/{'x' * 5000}").status == 404
    assert server.ask("/PAGE.JS").status == 404


def test_what_is_no_request(server: Host) -> None:
    """It is answered, too, and what is said of it cannot steer a terminal."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(b"GET \x1b[2J HTTP/9.9.9\r\n\r\n")
        assert b"400" in client.recv(1000)
    assert server.ask("/page.js", "POST").status == 501
    said = server.log.read_text()
    assert "\x1b" not in said and "Traceback" not in said
    assert said.count("code 400") == said.count("code 501") == 1


def test_who_asks_may_leave(server: Host) -> None:
    """Before all is sent: nothing is said of it, and the next is answered."""
    (server.site / "large.bin").write_bytes(bytes(30_000_000))
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(b"GET /large.bin HTTP/1.0\r\n\r\n")
        assert client.recv(4) == b"HTTP"
        # Closes at once, what has arrived and was not read being thrown away.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.ask("/page.js").content == SCRIPT
    time.sleep(0.3)
    assert server.log.read_text().count("\n") == 1


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """The message names another."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} .*: make serve PORT={port + 1}$"):
            serve.serve(tmp_path, port, "127.0.0.1")
