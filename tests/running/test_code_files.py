"""Which files a step depends on: found by its imports, however deep."""

from pathlib import Path

import pytest
from conftest import ROOT

from provender.running import code_files


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project in which the test runs."""
    for folder in ("scripts", "src/provender/room", "web/src"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_options() -> None:
    """An option without a value is left out, and one of several has each as a word."""
    assert code_files.option("--license", None) == []
    assert code_files.option("--keywords", []) == []
    assert code_files.option("--license", "MIT") == ["--license", "MIT"]
    assert code_files.option("--keywords", ["a", "b c"]) == ["--keywords", "a", "b c"]


def test_python_imports_are_followed(tree: Path) -> None:
    """All forms of import count, also within functions and of modules that import each other."""
    (tree / "scripts" / "make_thing.py").write_text(
        "import json\n"
        "import provender.plain\n"
        "from provender import one, room, UNKNOWN\n"
        "from provender.room import inner\n"
        "def main():\n    from provender.deep import name\n"
    )
    modules = {
        "plain": "",
        "one": "from provender import circle",
        "circle": "import provender.one as one",
        "deep": "from provender import deepest",
        "deepest": "import numpy",
        "unused": "",
        "__init__": "",
        "room/__init__": "",
        "room/inner": "",
        "room/unused": "",
    }
    for name, text in modules.items():
        (tree / "src" / "provender" / f"{name}.py").write_text(text)
    found = ["__init__", "circle", "deep", "deepest", "one", "plain"]
    found += ["room/__init__", "room/inner"]
    assert code_files.python("make_thing") == [
        "scripts/make_thing.py",
        *(f"src/provender/{name}.py" for name in found),
        "requirements.lock",
    ]


def test_javascript_imports_are_followed(tree: Path) -> None:
    """Imports and re-exports count, over several lines, upwards and in a circle, once each."""
    scripts = {
        "entry.js": (
            'import { readFile } from "node:fs";\n'
            "import {\n  one,\n  other,\n} from './src/one.js';\n"
            'const path = "./src/unused.js";\n'
        ),
        "other.js": 'import "./src/circle.js";\n',
        "src/one.js": 'export { two } from "../src/two.js";\nimport tf from "tensorflow";\n',
        "src/two.js": 'export * from "./circle.js";\n',
        "src/circle.js": 'import { one } from "./one.js";\n',
        "src/unused.js": "",
    }
    for name, text in scripts.items():
        (tree / "web" / name).write_text(text)
    shared = ["web/src/circle.js", "web/src/one.js", "web/src/two.js", "web/package-lock.json"]
    assert code_files.javascript("entry.js") == ["web/entry.js", *shared]
    assert code_files.javascript("entry.js", "other.js") == [
        "web/entry.js",
        "web/other.js",
        *shared,
    ]


def test_workflow_lists_code_and_templates(tree: Path) -> None:
    """What a build runs is listed, and nothing that was built or that tests it."""
    kept = ["Snakefile", "scripts/a.html", "scripts/a.py"]
    kept += ["src/provender/b.py", "src/provender/room/c.py", "src/provender/room/d.py"]
    kept += ["web/build.js", "web/src/page.css", "workflow/Snakefile", "workflow/rules/e.smk"]
    other = ["README.md", "scripts/__pycache__/a.pyc", "src/provender/room/f.py"]
    other += ["tests/test_a.py", "web/test/a.test.js"]
    texts = {
        "workflow/Snakefile": "from provender.room.c import x\nrule all:\n    input: []\n",
        "scripts/a.py": "from provender import b",
        "src/provender/b.py": "from provender.room import d",
        "tests/test_a.py": "from provender.room import f",
    }
    for name in kept + other:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(texts.get(name, ""))
    assert code_files.workflow() == kept


@pytest.mark.parametrize(
    ("step", "module"),
    [
        ("encode_posts", "text/encode"),
        ("encode_posts", "text/recipe"),
        ("evaluate_model", "model/runtime"),
        ("convert_layers", "files"),
        ("verify_parity", "bundle/constants"),
    ],
)
def test_modules_of_this_project(step: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's own steps depend on what their results come from."""
    monkeypatch.chdir(ROOT)
    assert f"src/provender/{module}.py" in code_files.python(step)


def test_scripts_of_this_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying depends on the page's preprocessing and engines, and not on the page."""
    monkeypatch.chdir(ROOT)
    found = code_files.javascript("verify.js")
    engines = {f"web/src/{name}.js" for name in ("encode", "kernel", "tensorflow", "text")}
    assert engines <= set(found)
    assert "web/src/page.js" not in found
    assert all((ROOT / name).is_file() for name in found)


def test_templates_are_code() -> None:
    """Report and model card are of their templates, wherever these stand."""
    cards = {"scripts/model_card.html", "src/provender/model/model_card.md.jinja"}
    assert {"scripts/render_report.html"} | cards <= set(code_files.workflow())
