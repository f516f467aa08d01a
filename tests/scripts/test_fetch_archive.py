"""fetch_archive, against a server on this machine."""

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from step_runs import RunScript, interrupt, interrupted, names_in, run_limited

# Several of the chunks that the step reads, and none of them like another.
CONTENT = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(9_000))
HALF = len(CONTENT) // 2

# The step reads 65,536 bytes at once, so two of them are within the first half.
CHUNK_BYTES = 1 << 16

DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER_DIGEST = "0" * 64


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at any path but /missing, as its attributes say, and keeps the headers."""

    ranges = True
    send_at_first: int | None = None
    stall = False

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, str | None]] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        """Where the archive is."""
        return f"http://127.0.0.1:{self.server_port}/archive.tar.gz"

    @property
    def ranges_asked(self) -> list[str | None]:
        """The Range header of each request."""
        return [headers["Range"] for headers in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """Send the file, or the part that is asked for, or the first bytes of it only."""
        asked = self.headers["Range"]
        self.server.asked.append(
            {name: self.headers[name] for name in ("Range", "Accept-Encoding")}
        )
        if self.path == "/missing":
            self.send_error(404)
            return
        start = 0
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(CONTENT):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = self.server.send_at_first if len(self.server.asked) == 1 else None
        self.wfile.write(CONTENT[start:end])
        if end and self.server.stall:
            self.server.stopped.wait()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a running server."""
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.stopped.set()
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep requests to this machine away from a proxy that the environment may name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the file to write, in a folder that is not there yet."""
    return tmp_path / "archive" / "news.tar.gz"


def partial(output: Path) -> Path:
    """Return where a download is kept until it is whole."""
    return output.with_name("news.tar.gz.download")


def put_partial(output: Path, content: bytes) -> None:
    """Leave what an earlier run would have left."""
    output.parent.mkdir()
    partial(output).write_bytes(content)


def test_downloads(server: Server, run_script: RunScript, output: Path) -> None:
    """The file comes in one request, as it is, and nothing else is left beside it."""
    done = run_script("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    assert output.read_bytes() == CONTENT
    assert names_in(output.parent) == ["news.tar.gz"]
    assert server.asked == [{"Range": None, "Accept-Encoding": "identity"}]
    assert done.stderr == f"fetch_archive: {output} is there\n"


def test_any_of_several_digests_does(server: Server, run_script: RunScript, output: Path) -> None:
    """An archive with the second of the expected digests is good."""
    digests = (OTHER_DIGEST, DIGEST)
    run_script("fetch_archive", "--url", server.url, "--sha256", *digests, "--output", output)
    assert output.read_bytes() == CONTENT


def test_goes_on_where_a_download_broke_off(
    server: Server, run_script: RunScript, output: Path
) -> None:
    """A connection that breaks leaves the chunks that came; the next run asks for the rest."""
    server.send_at_first = HALF
    fetch = ("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    broken = run_script(*fetch, code=3)
    assert f"{server.url} cannot be downloaded" in broken.stderr
    assert names_in(output.parent) == [partial(output).name]
    assert partial(output).read_bytes() == CONTENT[: 2 * CHUNK_BYTES]
    run_script(*fetch)
    assert server.ranges_asked == [None, f"bytes={2 * CHUNK_BYTES}-"]
    assert output.read_bytes() == CONTENT
    assert names_in(output.parent) == ["news.tar.gz"]


def test_starts_anew_where_the_server_has_no_ranges(
    server: Server, run_script: RunScript, output: Path
) -> None:
    """A whole file in answer to a Range replaces what was there instead of following it."""
    server.ranges = False
    put_partial(output, CONTENT[:HALF])
    run_script("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    assert server.ranges_asked == [f"bytes={HALF}-"]
    assert output.read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [b"another file's start", CONTENT + b"more"])
def test_starts_anew_where_what_is_there_does_not_fit(
    server: Server, run_script: RunScript, output: Path, stale: bytes
) -> None:
    """What another file's download left, be it shorter or longer, does not stay in the way."""
    put_partial(output, stale)
    done = run_script("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    assert "does not fit together: starting it anew" in done.stderr
    assert server.ranges_asked == [f"bytes={len(stale)}-", None]
    assert output.read_bytes() == CONTENT
    assert names_in(output.parent) == ["news.tar.gz"]


def test_takes_a_whole_download_that_was_not_renamed(
    server: Server, run_script: RunScript, output: Path
) -> None:
    """A run that was killed after its last byte has nothing left to download."""
    put_partial(output, CONTENT)
    run_script("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    assert server.ranges_asked == [f"bytes={len(CONTENT)}-"]
    assert names_in(output.parent) == ["news.tar.gz"]


def test_wrong_digest(server: Server, run_script: RunScript, output: Path) -> None:
    """The message has both digests, and what came is not kept for the next try."""
    fetch = ("fetch_archive", "--url", server.url, "--sha256", OTHER_DIGEST, "--output", output)
    done = run_script(*fetch, code=1)
    assert (
        f"has the sha256 digest {DIGEST}, but source.sha256 expects {OTHER_DIGEST}" in done.stderr
    )
    assert "make ARCHIVE=path" in done.stderr
    assert names_in(output.parent) == []


def test_a_server_without_the_file(server: Server, run_script: RunScript, output: Path) -> None:
    """HTTP 404 ends with the exit code by which make turns to the docstrings."""
    url = server.url.replace("/archive.tar.gz", "/missing")
    done = run_script("fetch_archive", "--url", url, "--sha256", DIGEST, "--output", output, code=3)
    assert f"{url} cannot be downloaded (HTTP 404 Not Found)" in done.stderr
    assert "make ARCHIVE=path" in done.stderr
    assert names_in(output.parent) == []


def test_no_server(run_script: RunScript, output: Path) -> None:
    """A refused connection ends with the same exit code."""
    with socket.socket() as bound:
        # Bound, so that nobody else takes it, but not listening.
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/archive.tar.gz"
        done = run_script(
            "fetch_archive", "--url", url, "--sha256", DIGEST, "--output", output, code=3
        )
    assert f"{url} cannot be downloaded (ConnectionError)" in done.stderr
    assert names_in(output.parent) == []


def test_full_disk(server: Server, run_script: RunScript, output: Path) -> None:
    """What fits is kept, and the next run goes on from there."""
    fetch = ("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)
    code, messages = run_limited(HALF, *fetch)
    assert code == 1
    assert "error: no disk space left (File too large). Free some and run the same" in messages
    assert partial(output).read_bytes() == CONTENT[:HALF]
    assert names_in(output.parent) == [partial(output).name]
    run_script(*fetch)
    assert server.ranges_asked == [None, f"bytes={HALF}-"]
    assert output.read_bytes() == CONTENT


def test_interrupted(server: Server, run_script: RunScript, output: Path) -> None:
    """After Ctrl-C amid a download the next run goes on where it was."""
    server.send_at_first, server.stall = HALF, True
    fetch = ("fetch_archive", "--url", server.url, "--sha256", DIGEST, "--output", output)

    def two_chunks_came() -> bool:
        return partial(output).exists() and partial(output).stat().st_size == 2 * CHUNK_BYTES

    assert interrupt(two_chunks_came, *fetch) == (130, interrupted("fetch_archive"))
    assert names_in(output.parent) == [partial(output).name]
    run_script(*fetch)
    assert server.ranges_asked == [None, f"bytes={2 * CHUNK_BYTES}-"]
    assert output.read_bytes() == CONTENT


def test_copies_a_given_archive(run_script: RunScript, tmp_path: Path, output: Path) -> None:
    """An archive on disk is copied once its digest is right."""
    given = tmp_path / "given.tar.gz"
    given.write_bytes(CONTENT)
    run_script("fetch_archive", "--path", given, "--sha256", DIGEST, "--output", output)
    assert output.read_bytes() == CONTENT
    assert names_in(output.parent) == ["news.tar.gz"]
    assert given.read_bytes() == CONTENT


def test_given_archive_is_the_output(run_script: RunScript, output: Path) -> None:
    """Naming the archive that is already in place leaves it as it is."""
    output.parent.mkdir()
    output.write_bytes(CONTENT)
    written = output.stat().st_mtime_ns
    run_script("fetch_archive", "--path", output, "--sha256", DIGEST, "--output", output)
    assert output.stat().st_mtime_ns == written
    assert output.read_bytes() == CONTENT


def test_given_archive_with_a_wrong_digest(
    run_script: RunScript, tmp_path: Path, output: Path
) -> None:
    """Both digests are named, the given file stays, and nothing is copied."""
    given = tmp_path / "given.tar.gz"
    given.write_bytes(CONTENT)
    done = run_script(
        "fetch_archive", "--path", given, "--sha256", OTHER_DIGEST, "--output", output, code=1
    )
    assert f"{given} has the sha256 digest {DIGEST}, but source.sha256 expects" in done.stderr
    assert OTHER_DIGEST in done.stderr
    assert names_in(tmp_path) == ["given.tar.gz"]


def test_given_archive_is_not_there(run_script: RunScript, tmp_path: Path, output: Path) -> None:
    """The message names the setting and the path."""
    given = tmp_path / "given.tar.gz"
    done = run_script(
        "fetch_archive", "--path", given, "--sha256", DIGEST, "--output", output, code=1
    )
    assert done.stderr == f"fetch_archive: error: ARCHIVE names {given}, which is no file\n"
    assert names_in(tmp_path) == []
