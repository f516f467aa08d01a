"""The built page in Chromium."""

import pytest
from conftest import Project
from node_runner import WEB, run_node_tests
from releases import Release

NAMES = sorted(path.name for path in (WEB / "test" / "browser").glob("*.test.js"))


@pytest.mark.parametrize("name", NAMES)
def test_page(small_build: Project, name: str) -> None:
    """The bundle works: page, engines, offline, as one file, in a worker, and its own check.

    And all can use it.
    """
    bundle = small_build.folder / "dist" / "bundle"
    run_node_tests(f"test/browser/{name}", BUNDLE=str(bundle))


def test_page_of_a_release(released: Release) -> None:
    """The page of a signed release confirms it, by the key that was made for it."""
    bundle, key = released.folder / "bundle", released.public_key
    run_node_tests("test/release/*.test.js", BUNDLE=str(bundle), PUBLIC_KEY=str(key))
