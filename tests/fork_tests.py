"""Runs tests in the folder that it is started in, each time in a process forked from this one.

What most tests import is imported here, once: that takes longer than most of them take to run.
Nothing of the project is, since it changes between runs. Reads lines of JSON, ``{"nodes",
"output"}``; runs those tests, what they print going to the file ``output``; and answers each
with a line, pytest's exit code, or minus the number of the signal that ended it.
"""

import json
import os
import signal
import sys

import hypothesis.strategies  # noqa: F401
import jsonschema  # noqa: F401
import numpy  # noqa: F401
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
import pytest
import requests  # noqa: F401
import securesystemslib.signer  # noqa: F401
import yaml  # noqa: F401

# Of no use here, and slow: one looks for garbage at the end.
PLUGINS = ("cacheprovider", "unraisableexception", "threadexception", "doctest", "junitxml")

# Enough for a build of the small corpus on a busy machine.
SECONDS = 300


def run(nodes: list[str], output: str) -> int:
    """Run the tests and return pytest's exit code."""
    signal.alarm(SECONDS)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    without = [f"-pno:{plugin}" for plugin in PLUGINS]
    # Those too that otherwise .ci/run alone has the time for.
    return pytest.main(["-q", "-x", "--assert=plain", "-m", "", *without, *nodes])


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(**json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
