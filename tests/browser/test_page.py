"""The built page in Chromium."""

from pathlib import Path

from node_runner import run_node_tests


def test_page(small_bundle: Path) -> None:
    """The page of a small bundle works, and its three engines agree."""
    run_node_tests("test/browser/*.test.js", BUNDLE=str(small_bundle))
