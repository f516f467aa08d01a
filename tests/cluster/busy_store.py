"""A server of S3's API, moto's, which answers 503 as long as a file is there: PORT FILE."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

# What AWS says of a bucket that gets too many requests.
BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

STORE = DomainDispatcherApplication(create_backend_app)


def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Answer one request."""
    if not Path(sys.argv[2]).exists():
        return STORE(environ, start_response)
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("503 Slow Down", [("Content-Type", "application/xml")])
    return [BUSY]


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), answer, threaded=True)
