"""The page as HTML: what it says of the model, and that nothing in it is taken for HTML."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from test_single_page import ABOUT

from provender import files
from provender.bundle import page
from provender.errors import UserError

NASTY = "<img src=x onerror=alert(1)> \"&' {count}"


def facts(labels: list[str], language: str = "en", **setting: Any) -> page.Facts:
    """Return what a page shows of a made-up model."""
    return page.Facts("tiny", ABOUT, labels, ["word", "日", "𝔸"], language, setting)


def html(given: page.Facts) -> str:
    """Return the page without addresses."""
    return page.render(
        given, policy=page.POLICY, single=True, icon="", style="", no_script_style="", scripts=[]
    )


def text_of(markup: str, identity: str) -> str:
    """Return the text of an element that has no other in it."""
    [found] = re.findall(rf'id="{identity}"[^>]*>([^<]*)<', markup)
    return str(found)


def test_nothing_is_taken_for_html() -> None:
    """Labels, heading, examples and title stand as they are, with what HTML could take for its."""
    given = facts([NASTY, "b"], heading=NASTY, examples=[NASTY], expects=NASTY)
    markup = html(given)
    assert "<img" not in markup and "</script><!--" not in markup
    # Label, description, and twice each of the heading, the example and what is expected.
    assert markup.count("&lt;img src=x onerror=alert(1)&gt;") == 7
    assert "{count}" in markup


def test_a_heading_made_from_the_title() -> None:
    """Unless the configuration has one."""
    about = copy.deepcopy(ABOUT)
    about["corpus"]["title"] = "Tickets by team"
    given = page.Facts("tiny", about, ["a", "b"], [], "", {})
    markup = html(given)
    assert '<h1 dir="auto">Tickets by team</h1>' in markup
    assert "Tells which of 2 labels fits a text. It learnt from 1,234 texts." in markup
    assert "Give it texts of that kind.</p>" in markup
    markup = html(page.Facts("tiny", about, ["a"], [], "fr", {"heading": "Quelle équipe ?"}))
    assert '<h1 dir="auto">Quelle équipe ?</h1>' in markup
    assert "Appris de 1\u202f234 textes : Tickets by team." in markup
    assert "Donnez-lui des textes de ce genre, en français." in markup


def test_many_labels() -> None:
    """The first are shown, and how many more there are; so many have no matrix."""
    markup = html(facts([f"{number}" for number in range(1200)]))
    assert markup.count("<li dir") == page.SHOWN_LABELS
    assert "and 1,176 more" in markup
    assert html(facts(["x" * 120, "y" * 120, "z"])).count("<li dir") == 1
    assert html(facts(["x" * 500, "y"])).count("<li dir") == 1
    assert 'id="matrix"' not in markup


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.896, (9, 10)), (0.94, (9, 10)), (0.97, (97, 100)), (0.999, (99, 100)), (1, (100, 100)),
        (0.04, (4, 100)), (0.0001, (1, 100)), (0, (0, 100)), (0.56, (6, 10)),
    ],
)  # fmt: skip
def test_shares_in_words(share: float, told: tuple[int, int]) -> None:
    """Of ten, or of a hundred near the ends; all and none only where that is so."""
    assert page.tenths(share) == told


def test_how_good_it_is() -> None:
    """Said in a sentence."""
    assert text_of(html(facts(["a", "b"])), "good") == "9 of 10 new texts are put right."


def test_parts_of_unicode() -> None:
    """Those of the vocabulary's letters, by which the page tells an unknown script."""
    assert page.parts(["word", "日", "𝔸"]) == [0, 0x65E5 // 128, 0x1D538 // 128]


def test_confusion() -> None:
    """The most frequent pairs, and all counts of few labels."""
    told = page.confusion([[5, 1, 0], [3, 4, 1], [0, 0, 9]], ["a", "b", "c"])
    assert told == {
        "pairs": [["b", "a", 3], ["a", "b", 1], ["b", "c", 1]],
        "counts": [[5, 1, 0], [3, 4, 1], [0, 0, 9]],
    }
    many = [[1] * 40 for _ in range(40)]
    told = page.confusion(many, list(map(str, range(40))))
    assert list(told) == ["pairs"]
    assert len(told["pairs"]) == page.PAIRS


def test_quotations_are_found_over_line_ends() -> None:
    """However white space is set; short examples may be the words of anyone."""
    written = ["He said:\n  one two three\nfour five six seven eight nine"]
    with pytest.raises(UserError, match="quotes a text of the table: one two three"):
        page.check_examples(["one two three four five six seven eight"], written)
    page.check_examples(["one two three", "one two three four five six seven of our own"], written)


def test_integrity_and_what_is_loaded_ahead(tmp_path: Path) -> None:
    """By the digests of the files that are there."""
    for name in ("style.css", "no-script.css", "page.js", "constants.json", "about.json"):
        (tmp_path / name).write_text(name)
    layers = tmp_path / "tfjs" / "layers"
    layers.mkdir(parents=True)
    (layers / "model.json").write_text("{}")
    (tmp_path / "vendor").mkdir()
    markup = page.build(tmp_path, facts(["a", "b"]))
    assert re.findall(r'integrity="([^"]*)"', markup) == [
        page.source(name.encode()) for name in ("style.css", "no-script.css", "page.js")
    ]
    assert re.findall(r'rel="preload" href="([^"]*)"', markup) == [
        "manifest.json",
        *(
            f"{name}?sha256={files.sha256(tmp_path / name)}"
            for name in ("about.json", "constants.json", "tfjs/layers/model.json")
        ),
    ]
