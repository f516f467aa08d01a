"""Servers of a folder, as docs/hosting.md has them, and requests to them."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT
from ports import free_port, listens

DOCUMENT = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")

# Seconds until a server that was just started must answer.
STARTED_SECONDS = 20

# What Debian's nginx.conf says around a site's own file, but as whoever runs the tests.
NGINX = """
daemon off;
{user}
pid {work}/pid;
events {{}}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    include {work}/site.conf;
}}
"""

# No port but that of the site, and that for this machine alone.
CADDY = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n"


def block(language: str) -> str:
    """Return the one block of docs/hosting.md in a language."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    return text


def replace(text: str, changes: dict[str, str]) -> str:
    """Replace what stands once in a text."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in\n{text}"
        text = text.replace(old, new)
    return text


def provender_command(site: Path, port: int, work: Path) -> list[str | Path]:
    """Return the command that serves ``site`` by ``provender serve``."""
    program = Path(sys.executable).with_name("provender")
    return [program, "serve", "--bundle", site, "--port", str(port), "--host", "127.0.0.1"]


def nginx_command(site: Path, port: int, work: Path) -> list[str | Path]:
    """Return the command that serves ``site`` by nginx, as the document says."""
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "/var/www/provender": str(site)}
    (work / "site.conf").write_text(replace(block("nginx"), changes))
    user = "" if os.geteuid() else "user root;"
    (work / "nginx.conf").write_text(NGINX.format(work=work, user=user))
    return ["/usr/sbin/nginx", "-e", "stderr", "-c", work / "nginx.conf"]


def caddy_command(site: Path, port: int, work: Path) -> list[str | Path]:
    """Return the command that serves ``site`` by Caddy, as the document says."""
    changes = {"example.org": f"http://127.0.0.1:{port}", "/var/www/provender": str(site)}
    (work / "Caddyfile").write_text(CADDY + replace(block("caddy"), changes))
    return ["caddy", "run", "--config", work / "Caddyfile", "--adapter", "caddyfile"]


Command = Callable[[Path, int, Path], list[str | Path]]
COMMANDS: dict[str, Command] = {
    "provender": provender_command,
    "nginx": nginx_command,
    "caddy": caddy_command,
}


@dataclass
class Answer:
    """An answer to a request; headers by lower-case name, of one that comes twice a list."""

    status: int
    headers: dict[str, str]
    content: bytes


@dataclass
class Host:
    """A server of the folder ``site``."""

    site: Path
    port: int
    log: Path

    def ask(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """Ask for a path, as it is; words of a header's name are joined by ``_``."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STARTED_SECONDS)
        connection.request(method, path, headers={"Accept-Encoding": "identity"} | told)
        answer = connection.getresponse()
        pairs = [(name.lower(), value) for name, value in answer.getheaders()]
        assert len(dict(pairs)) == len(pairs), pairs
        content = answer.read()
        connection.close()
        return Answer(answer.status, dict(pairs), content)


@contextmanager
def host(command: Command, site: Path, work: Path) -> Iterator[Host]:
    """Serve a folder until the end of the block."""
    port, log = free_port(), work / "log"
    environment = os.environ | {"XDG_DATA_HOME": str(work), "XDG_CONFIG_HOME": str(work)}
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command(site, port, work), env=environment, stdout=said, stderr=said
        ) as process,
    ):
        try:
            deadline = time.monotonic() + STARTED_SECONDS
            while not listens(port):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            yield Host(site, port, log)
        finally:
            process.terminate()
