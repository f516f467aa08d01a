"""A server of S3's API, moto's, which refuses as long as a file is there: PORT FILE.

It answers 503, or what the file has: a status, and what S3 calls it.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

# What AWS says of a bucket that gets too many requests.
BUSY = "503 SlowDown"

STORE = DomainDispatcherApplication(create_backend_app)


def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Answer one request."""
    if not Path(sys.argv[2]).exists():
        return STORE(environ, start_response)
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    status = Path(sys.argv[2]).read_text(encoding="utf-8") or BUSY
    start_response(status, [("Content-Type", "application/xml")])
    name = status.partition(" ")[2]
    return [f"<Error><Code>{name}</Code><Message>{name}</Message></Error>".encode()]


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), answer, threaded=True)
