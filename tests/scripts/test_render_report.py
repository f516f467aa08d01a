"""render_report: the page that a person looks at first."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from step_runs import RunScript, names_in

from provender import files

METRICS = {
    "validation": {
        "posts": 10, "recall@1": 0.5, "recall@3": 0.75, "recall@5": 1.0, "macro_f1": 0.4,
        "labels": {},
    },
    "test": {
        "posts": 1234, "recall@1": 0.876, "recall@3": 0.9, "recall@5": 0.95, "macro_f1": 0.85,
        "labels": {
            "<b>": {"precision": 0.125, "recall": 0.25, "f1": 0.375, "posts": 1000},
            "tides": {"precision": 0.5, "recall": 0.625, "f1": 0.75, "posts": 234},
        },
    },
}  # fmt: skip
VALIDATION = {
    "rows": 2000,
    "dropped": {"null_text": 3},
    "duplicates": {"on_both_sides": 17},
    "splits": {"train": {"posts": 700}, "validation": {"posts": 77}, "test": {"posts": 1234}},
    "warnings": ["label tides has 4 training posts, fewer than 5"],
}
PARITY = {"posts": 1234, "tolerance": 1e-5, "max_difference": {"graph": 1e-7, "layers": 2.5e-7}}


class Cells(HTMLParser):
    """Collects a page's table rows, its drawn lines and the addresses that it loads."""

    def __init__(self, page: str) -> None:
        """Parse ``page``."""
        super().__init__()
        self.rows: list[list[str]] = []
        self.shades: list[str] = []
        self.lines: list[str] = []
        self.addresses: list[str] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        named = dict(attributes)
        self.addresses += [named[name] for name in ("src", "href") if name in named]
        self.open = tag in ("th", "td")
        if tag == "tr":
            self.rows.append([])
        elif tag == "polyline":
            self.lines.append(named["points"])
        elif self.open:
            self.rows[-1].append("")
            self.shades += re.findall(r"/ ([0-9.]+)\)", named.get("style") or "")

    def handle_endtag(self, tag: str) -> None:
        """Note that a cell ends."""
        self.open = False

    def handle_data(self, data: str) -> None:
        """Note what a cell holds."""
        if self.open:
            self.rows[-1][-1] += data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with hand-made reports."""
    for name, value in (("metrics", METRICS), ("validation", VALIDATION), ("parity", PARITY)):
        files.write_json(tmp_path / f"{name}.json", value)
    files.write_text(tmp_path / "confusion.csv", "label,<b>,tides\n<b>,750,250\ntides,0,234\n")
    files.write_text(
        tmp_path / "history.csv",
        "epoch,loss,accuracy,val_loss,val_accuracy\n1,1.5,0.65,1.6,0.6\n2,1.0,0.8,1.1,0.7\n"
        "3,0.9,1.0,1.0,0.9\n",
    )
    return tmp_path


def render(run_script: RunScript, folder: Path, code: int = 0) -> str:
    """Run the step and return the page, or what it says where it must fail."""
    names = ("metrics.json", "confusion.csv", "history.csv", "validation.json", "parity.json")
    done = run_script(
        "render_report",
        *("--title", "Rye & <tides>", "--template", "scripts/render_report.html"),
        *(word for name in names for word in (f"--{name.partition('.')[0]}", folder / name)),
        *("--output", folder / "out" / "report.html"),
        code=code,
    )
    return done.stderr if code else (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_shows_every_number(run_script: RunScript, folder: Path) -> None:
    """Scores, counts, warnings and parity stand on the page, rounded."""
    page = render(run_script, folder)
    rows = Cells(page).rows
    assert "1,234 test posts have their label ranked first" in page
    assert '<span class="score">87.6 %</span>' in page
    assert ["validation", "10", "0.500", "0.750", "1.000", "0.400"] in rows
    assert ["test", "1,234", "0.876", "0.900", "0.950", "0.850"] in rows
    assert ["<b>", "1,000", "0.125", "0.250", "0.375"] in rows
    assert ["<b>", "750", "250"] in rows
    assert ["tides", "0", "234"] in rows
    assert ["of 2,000 rows", "posts"] in rows
    assert ["in train", "700"] in rows
    assert ["dropped: null text", "3"] in rows
    assert ["found twice: on both sides", "17"] in rows
    assert "Warning: label tides has 4 training posts, fewer than 5." in page
    assert "graph 1.0e-07, layers 2.5e-07" in page
    assert "(allowed: 1e-05)" in page
    assert names_in(folder / "out") == ["report.html"]


def test_draws_the_curve_and_the_shades(run_script: RunScript, folder: Path) -> None:
    """Lines run from the tenth below the lowest accuracy up to 1; shades are shares of a row."""
    cells = Cells(render(run_script, folder))
    # 480 by 200 units from accuracy 0.5 to 1.
    assert cells.lines == ["0.0,140.0 240.0,80.0 480.0,0.0", "0.0,160.0 240.0,120.0 480.0,40.0"]
    assert cells.shades == ["0.45", "0.15", "0.00", "0.60"]


def test_needs_nothing_else(run_script: RunScript, folder: Path) -> None:
    """The page loads nothing, and a title or a label is text, whatever it holds."""
    page = render(run_script, folder)
    assert Cells(page).addresses == []
    assert "url(" not in page
    assert "<title>Report: Rye &amp; &lt;tides&gt;</title>" in page
    assert "<b>" not in page


def test_missing_report(run_script: RunScript, folder: Path) -> None:
    """A report that is not there is named."""
    (folder / "parity.json").unlink()
    messages = render(run_script, folder, code=1)
    assert f"cannot read or write: [Errno 2] No such file or directory: '{folder}/p" in messages
    assert "out" not in names_in(folder)
