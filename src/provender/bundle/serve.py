"""Serves a bundle on this machine: make serve.

Its headers are those that docs/hosting.md recommends for any server, but for the policy, which is
that of the bundle's own page: older releases have older ones.
"""

import contextlib
import gzip
import hashlib
import html.parser
import http.server
import re
import sys
import urllib.parse
from collections.abc import Callable
from functools import lru_cache, partial
from http import HTTPStatus
from pathlib import Path, PurePosixPath

import brotli

from provender.bundle import page
from provender.errors import UserError

# What a page cannot say of itself.
FRAMES_POLICY = "frame-ancestors 'self'"

# Pages of one file each. Their own policy allows what is written into them, which that of the page
# as a site forbids.
OF_ONE_FILE = ("demo.single.html", "model-card.html")
PAGE = "index.html"

POLICY_HEADER = "Content-Security-Policy"

# A rebuilt bundle must show at the next reload; but what lies at an address with its digest never
# changes.
CACHE_HEADER = "Cache-Control"
KEPT_FOR_EVER = "public, max-age=31536000, immutable"

HEADERS = {
    CACHE_HEADER: "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

# Of what a bundle has, or may have; all of it gets smaller. Anything else is sent as it is.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".bin": "application/octet-stream",
}
OTHER_TYPE = "application/octet-stream"

# The better first, each at the level that costs no reader a second.
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}

# More than the files of a bundle in each coding.
COMPRESSED_FILES = 64


def serve(folder: Path, port: int, host: str = "localhost") -> None:
    """Serve ``folder`` at an address of this machine until interrupted; port 0 takes any free.

    Raises UserError where the port cannot be used.
    """
    handler = partial(_Handler, folder)
    try:
        server = http.server.ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise UserError(
            f"port {port} cannot be used ({error.strerror}). Take another: "
            f"make serve PORT={port + 1}"
        ) from error
    with server:
        print(f"http://localhost:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def headers_of(name: str, policy: str = page.POLICY, kept: bool = False) -> dict[str, str]:
    """Return the headers of a file of a bundle whose page has ``policy``, but for its content's.

    ``kept``: the address has the file's digest.
    """
    # What the page says of itself does not hold for its workers, which have their own answer's.
    own = [] if name in OF_ONE_FILE else [policy]
    cache = {CACHE_HEADER: KEPT_FOR_EVER} if kept else {}
    return {POLICY_HEADER: "; ".join([*own, FRAMES_POLICY]), **HEADERS, **cache}


@lru_cache(1)
def policy_of(shown: bytes) -> str:
    """Return the policy that a page has in its first meta of one, or that of today's page."""
    parser = _PolicyParser()
    parser.feed(shown.decode("utf-8", "replace"))
    # A header is one line; browsers take no directive that is not ASCII.
    policy = " ".join(parser.policy.split())
    return policy if policy and policy.isascii() else page.POLICY


class _PolicyParser(html.parser.HTMLParser):
    policy = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        # Of an attribute that comes twice, browsers take the first.
        own = dict(reversed(attributes))
        if tag == "meta" and (own.get("http-equiv") or "").lower() == POLICY_HEADER.lower():
            self.policy = self.policy or own.get("content") or ""


def choose_coding(accepted: str) -> str:
    """Return which of CODINGS an Accept-Encoding header likes best, or "" (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        if found := re.fullmatch(r"\s*([\w*-]+)\s*(?:;\s*q=(\d(?:\.\d*)?)\s*)?", item):
            weights[found[1]] = float(found[2] or 1)
    of_others = weights.get("*", 0)
    liked = {coding: weights.get(coding, of_others) for coding in CODINGS}
    least = weights.get("identity", 0)
    usable = [coding for coding in liked if liked[coding] > 0 and liked[coding] >= least]
    return max(usable, key=liked.__getitem__, default="")


@lru_cache(COMPRESSED_FILES)
def encode(content: bytes, coding: str) -> tuple[bytes, str]:
    """Return ``content`` in one of CODINGS, and that; as it is, and "", if not smaller by it."""
    packed = CODINGS[coding](content)
    return (packed, coding) if len(packed) < len(content) else (content, "")


def read_file(folder: Path, name: str) -> bytes | None:
    """Return the content of the file ``name`` in ``folder``, or None where there is none.

    A name is looked up among those that are there, so that none leads out of the folder; nor does
    a link, but to what DVC keeps, where cache.type is symlink.
    """
    home = folder.resolve()
    there = {path.relative_to(home).as_posix(): path for path in home.rglob("*")}
    path = there.get(name)
    if path is None or not path.is_file():
        return None
    target = path.resolve()
    content = target.read_bytes()
    return content if target.is_relative_to(home) or _is_cached(target, content) else None


def _is_cached(path: Path, content: bytes) -> bool:
    """Tell whether a file is of a DVC cache, wherever that is: its content's digest names it."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return path.parts[-4:] == ("files", "md5", digest[:2], digest[2:])


class _Handler(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "provender", ""

    # Of the file that is asked for, once that is known.
    name = ""

    # Whether its address has its digest.
    kept = False

    def __init__(self, folder: Path, *connection: object) -> None:
        self.folder = folder
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        # A browser that leaves a page takes no more of it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(self._answer())

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> bytes:
        """Send all but the content, and return that."""
        address, _, query = self.path.partition("#")[0].partition("?")
        self.name = urllib.parse.unquote(address).removeprefix("/") or PAGE
        content = self._read(self.name)
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return b""
        digest = hashlib.sha256(content).hexdigest()
        self.kept = query == f"sha256={digest}"
        kind = TYPES.get(PurePosixPath(self.name).suffix)
        coding = choose_coding(self._header("Accept-Encoding")) if kind else ""
        body, coding = encode(content, coding) if coding else (content, "")
        tag = "-".join([digest[:32], coding]).rstrip("-")
        known = re.findall(r'"[^"]*"|\*', self._header("If-None-Match"))
        changed = not {f'"{tag}"', "*"} & set(known)
        self.send_response(HTTPStatus.OK if changed else HTTPStatus.NOT_MODIFIED)
        self.send_header("ETag", f'"{tag}"')
        if kind:
            self.send_header("Vary", "Accept-Encoding")
        if changed:
            self.send_header("Content-Type", kind or OTHER_TYPE)
            self.send_header("Content-Length", str(len(body)))
            # A range is answered by the whole.
            self.send_header("Accept-Ranges", "none")
            if coding:
                self.send_header("Content-Encoding", coding)
        self.end_headers()
        return body if changed else b""

    def _read(self, name: str) -> bytes | None:
        try:
            return read_file(self.folder, name)
        except OSError:
            return None

    def _header(self, name: str) -> str:
        return ", ".join(self.headers.get_all(name, []))

    def end_headers(self) -> None:
        policy = policy_of(self._read(PAGE) or b"")
        for name, value in headers_of(self.name, policy, self.kept).items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests that went well."""

    def log_error(self, format: str, *args: object) -> None:
        # Whoever asks chooses the line.
        sys.stderr.write(f"{self.requestline!r}: {format % args}\n")
