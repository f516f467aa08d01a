"""The browser side's modules and commands, in Node."""

from node_runner import run_node_tests


def test_web_units() -> None:
    """Each module and command of web/ does what its own tests ask."""
    run_node_tests("test/*.test.js")
