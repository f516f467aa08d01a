"""The built page in Chromium."""

from node_runner import run_node_tests


def test_page(small_bundle):
    run_node_tests("test/browser/*.test.js", BUNDLE=str(small_bundle))
