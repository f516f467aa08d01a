"""The browser side's modules and commands, in Node."""

import pytest
from node_runner import WEB, run_node_tests

NAMES = sorted(path.name.removesuffix(".test.js") for path in (WEB / "test").glob("*.test.js"))


@pytest.mark.parametrize("name", NAMES)
def test_web_units(name: str) -> None:
    """Each module and command of web/ does what its own tests ask."""
    run_node_tests(f"test/{name}.test.js")
