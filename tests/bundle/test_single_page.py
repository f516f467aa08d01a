"""The page as one file: what is written into it, and what it may do."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from provender import files
from provender.bundle import page, single_page

ABOUT = {
    "name": "tiny",
    "corpus": {
        "kind": "sqlite",
        "title": "</script><!--\u2028é",
        "posts": {"train": 1200, "validation": 34, "test": 56},
    },
    "formats": ["layers"],
    "metrics": {"test": {"recall@1": 0.9, "intervals": {}}},
    "remarks": [],
    "confusion": {"pairs": []},
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle with the real styles and icon, and other parts made up."""
    for name in ("style.css", "no-script.css", "icon.svg"):
        shutil.copyfile(ROOT / "web" / "src" / name, tmp_path / name)
    (tmp_path / "page.js").write_text("run();\n")
    (tmp_path / "constants.js").write_text("var ProvenderConstants = {};\n")
    files.write_json(tmp_path / "about.json", ABOUT)
    layers = tmp_path / "tfjs" / "layers"
    files.write_json(layers / "model.json", {"weightsManifest": []})
    (layers / "group1-shard1of1.bin").write_bytes(b"\xff\x00")
    return tmp_path


def build(bundle: Path) -> str:
    """Return the page as one file."""
    facts = page.Facts("tiny", ABOUT, ["a", "b"], ["word"], "en", {})
    return single_page.build(bundle, facts)


def elements(page: str, tag: str) -> list[str]:
    """Return the texts of a page's elements."""
    return re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)


def test_holds_its_files(bundle: Path) -> None:
    """The page holds the data, in ASCII and with nothing that could end a script."""
    data, script = elements(build(bundle), "script")
    assert script == "run();\n"
    constants, held = data.split("var ProvenderFiles = ")
    assert constants == "var ProvenderConstants = {};\n"
    text = held.removesuffix(";\n").replace(": ProvenderConstants", ": {}")
    assert json.loads(text) == {
        "about.json": ABOUT,
        "constants.json": {},
        "tfjs/layers/group1-shard1of1.bin": "/wA=",
        "tfjs/layers/model.json": {"weightsManifest": []},
    }
    assert data.isascii()
    assert "<" not in data


def test_policy_allows_what_is_written_into_it(bundle: Path) -> None:
    """The security policy names the digests of all scripts and styles, and no address."""
    built = build(bundle)
    sources = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in [*elements(built, "script"), *elements(built, "style")]
    ]
    [policy] = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', built)
    assert policy == (
        f"default-src 'none'; script-src {sources[0]} {sources[1]}; "
        f"style-src {sources[2]} {sources[3]}; img-src data:; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types provender"
    )
    assert re.findall(r'(?:src|href)="(?!data:)([^"]*)"', built) == []


@pytest.mark.parametrize("text", ['"</SCRIPT>"', '"<!--"'])
def test_a_script_that_ends_its_element_is_refused(bundle: Path, text: str) -> None:
    """A script that HTML would cut short is not written into the page."""
    (bundle / "page.js").write_text(text)
    with pytest.raises(ValueError, match="a script element cannot hold this text"):
        build(bundle)
