"""Serves a bundle on this machine: make serve."""

import http.server
import sys
from functools import partial
from pathlib import Path

from provender.errors import UserError


def serve(folder: Path, port: int, host: str = "localhost") -> None:
    """Serve ``folder`` at an address of this machine until interrupted; port 0 takes any free.

    Raises UserError where the port cannot be used.
    """
    handler = partial(_Handler, directory=str(folder))
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


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        # A rebuilt bundle must show at the next reload.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests that went well."""

    def log_error(self, format: str, *args: object) -> None:
        sys.stderr.write(f"{self.path}: {format % args}\n")
