"""The built page in Chromium."""

from pathlib import Path

import pytest
from node_runner import WEB, run_node_tests

NAMES = sorted(path.name for path in (WEB / "test" / "browser").glob("*.test.js"))


@pytest.mark.parametrize("name", NAMES)
def test_page(small_bundle: Path, name: str) -> None:
    """The bundle works: page, engines, offline, as one file, in a worker, and its own check."""
    run_node_tests(f"test/browser/{name}", BUNDLE=str(small_bundle))
