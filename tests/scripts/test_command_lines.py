"""What every step's command line has in common."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from step_runs import RunScript

from provender import INTERRUPTED

STEPS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))

# What scripts import besides Python's own modules, and what takes its time.
LIBRARIES = ("jinja2", "numpy", "pandas", "pyarrow", "requests", "yaml")


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


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_during_imports(step: str, tmp_path: Path) -> None:
    """Ctrl-C while a library is imported is told in one line, as later on."""
    for name in LIBRARIES:
        (tmp_path / f"{name}.py").write_text(
            "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
        )
    done = subprocess.run(
        [sys.executable, f"scripts/{step}.py", "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'src'}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        # A background job of a shell is born with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    if done.returncode == 0:
        assert (done.stderr, "usage:" in done.stdout) == ("", True)
    else:
        assert (done.returncode, done.stderr) == (-signal.SIGINT, f"{INTERRUPTED}\n")
