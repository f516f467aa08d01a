"""Runs Node's test runner from pytest."""

import os
import re
import subprocess
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"


def run_node_tests(pattern: str, **environment: str) -> None:
    """Assert that the tests in web/ whose files match `pattern` pass, and that none is skipped."""
    result = subprocess.run(
        ["node", "--test", "--test-reporter=tap", pattern],
        check=False,
        cwd=WEB,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    totals = dict(re.findall(r"(?m)^# (tests|skipped|todo|cancelled) (\d+)$", result.stdout))
    assert int(totals.pop("tests")) > 0, output
    assert totals == {"skipped": "0", "todo": "0", "cancelled": "0"}, output
