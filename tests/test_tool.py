"""Where the tool's files are found: in its own repository, and through a project's links."""

from pathlib import Path

import pytest
from conftest import ROOT

from provender import tool
from provender.errors import UserError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder without the tool, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_the_tool_s_own_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are paths there, and no link is made."""
    monkeypatch.chdir(ROOT)
    tool.link()
    assert tool.path("scripts/train_model.py") == "scripts/train_model.py"
    assert tool.path_of(ROOT / "workflow" / "Snakefile") == "workflow/Snakefile"
    assert not (ROOT / tool.LINKS).exists()
    assert tool.how("refresh") == "make refresh"


def test_in_any_other_folder(project: Path) -> None:
    """Every part is reached by the same path on every machine, and told from the project's own."""
    tool.link()
    for part in tool.PARTS:
        assert Path(tool.path(part)).resolve() == tool.place(part).resolve()
        assert Path(tool.path(part)).exists()
    assert tool.path("scripts/train_model.py") == ".provender/scripts/train_model.py"
    assert tool.name(".provender/scripts/train_model.py") == "scripts/train_model.py"
    assert tool.is_linked(".provender/web/build.js")
    assert not tool.is_linked("config/config.yaml")
    assert tool.how("refresh") == "provender refresh"


@pytest.mark.parametrize("name", ["workflow/rules/model.smk", "src/provender/tool.py"])
def test_one_path_for_a_file_however_it_is_found(project: Path, name: str) -> None:
    """By the place of the tool on this machine or by a link it is the same file of the tool."""
    tool.link()
    for file in (tool.place(name), Path(tool.path(name)), project / tool.path(name)):
        assert tool.path_of(file) == f".provender/{name}"
    assert tool.path_of(project / "Snakefile") == "Snakefile"


def test_links_to_another_tool_are_renewed(project: Path) -> None:
    """As after the tool has moved; what is not a link is left alone, with a message."""
    tool.link()
    link = project / tool.LINKS / "scripts"
    link.unlink()
    link.symlink_to("/nowhere")
    tool.link()
    assert link.readlink() == tool.place("scripts")
    link.unlink()
    link.mkdir()
    with pytest.raises(UserError, match=r"scripts is in the way of a link to the tool: delete"):
        tool.link()
    assert link.is_dir()


def test_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There all but the modules lies within the package."""
    monkeypatch.setattr(tool, "PACKAGE", tmp_path)
    (tmp_path / tool.WITHIN).mkdir()
    assert tool.place("scripts/train_model.py") == tmp_path / "_tool/scripts/train_model.py"
    assert tool.place("src/provender/files.py") == tmp_path / "files.py"
    assert tool.place(tool.MODULES) == tmp_path
