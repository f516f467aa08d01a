"""What every step's command line has in common."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT
from step_runs import RunScript

STEPS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))


def test_each_step_has_tests() -> None:
    """A step without a test file of its name would go unseen."""
    folder = Path(__file__).parent
    assert [step for step in STEPS if not list(folder.glob(f"test_{step}*.py"))] == []


@pytest.mark.parametrize("step", STEPS)
def test_help(run_script: RunScript, step: str) -> None:
    """--help shows the script's docstring, line by line, and every option."""
    docstring = ast.get_docstring(ast.parse((ROOT / "scripts" / f"{step}.py").read_bytes()))
    done = run_script(step, "--help")
    assert done.stdout.startswith(f"usage: {step}.py ")
    assert docstring in done.stdout
    assert "--log FILE" in done.stdout
    assert done.stderr == ""


def test_options_that_lack(run_script: RunScript) -> None:
    """Without its options a step ends with the usual exit code 2 and names them."""
    done = run_script("encode_posts", "--max-words", "3", code=2)
    assert "required: --split, --vocabulary, --labels, --text, --output\n" in done.stderr
