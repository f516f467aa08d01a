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
from provender.bundle import single_page


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle with the real page and other parts made up."""
    for name in ("index.html", "style.css", "icon.svg"):
        shutil.copyfile(ROOT / "web" / "src" / name, tmp_path / name)
    (tmp_path / "page.js").write_text("run();\n")
    (tmp_path / "constants.js").write_text("var ProvenderConstants = {};\n")
    files.write_json(tmp_path / "about.json", {"title": "</script><!--\u2028é"})
    layers = tmp_path / "tfjs" / "layers"
    files.write_json(layers / "model.json", {"weightsManifest": []})
    (layers / "group1-shard1of1.bin").write_bytes(b"\xff\x00")
    return tmp_path


def elements(page: str, tag: str) -> list[str]:
    """Return the texts of a page's elements."""
    return re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)


def test_holds_its_files(bundle: Path) -> None:
    """The page holds the data, in ASCII and with nothing that could end a script."""
    page = single_page.build(bundle)
    data, script = elements(page, "script")
    assert script == "run();\n"
    constants, held = data.split("var ProvenderFiles = ")
    assert constants == "var ProvenderConstants = {};\n"
    text = held.removesuffix(";\n").replace(": ProvenderConstants", ": {}")
    assert json.loads(text) == {
        "about.json": {"title": "</script><!--\u2028é"},
        "constants.json": {},
        "tfjs/layers/group1-shard1of1.bin": "/wA=",
        "tfjs/layers/model.json": {"weightsManifest": []},
    }
    assert data.isascii()
    assert "<" not in data


def test_policy_allows_what_is_written_into_it(bundle: Path) -> None:
    """The security policy names the digests of both scripts and the style, and no address."""
    page = single_page.build(bundle)
    sources = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in [*elements(page, "script"), *elements(page, "style")]
    ]
    [policy] = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', page)
    assert policy == (
        f"default-src 'none'; script-src {sources[0]} {sources[1]}; style-src {sources[2]}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    # Links that the page shows where it is a site.
    links = re.findall(r'(?:src|href)="(?!data:)([^"]*)"', page)
    assert links == ["model-card.html", "demo.single.html"]


def test_a_page_of_another_shape_is_refused(bundle: Path) -> None:
    """Nothing is left out in silence where index.html has changed."""
    page = bundle / "index.html"
    page.write_text(page.read_text().replace(single_page.SCRIPT, ""))
    with pytest.raises(ValueError, match=r"index\.html has 0 times"):
        single_page.build(bundle)


@pytest.mark.parametrize("text", ['"</SCRIPT>"', '"<!--"'])
def test_a_script_that_ends_its_element_is_refused(bundle: Path, text: str) -> None:
    """A script that HTML would cut short is not written into the page."""
    (bundle / "page.js").write_text(text)
    with pytest.raises(ValueError, match="a script element cannot hold this text"):
        single_page.build(bundle)
