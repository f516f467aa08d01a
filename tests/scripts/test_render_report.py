"""render_report: the page that a person looks at first."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from made_up_report import LEARNING, METRICS, render, write_reports
from render_report import (
    DARKEST,
    describe_confusion,
    describe_ranks,
    draw_strips,
    find_worst_pairs,
    first_words,
)
from step_runs import RunScript, names_in

from provender import files


class Cells(HTMLParser):
    """Collects a page's table rows, its lines and marks, and the addresses that it loads."""

    def __init__(self, page: str) -> None:
        """Parse ``page``."""
        super().__init__()
        self.rows: list[list[str]] = []
        self.shades: list[str] = []
        self.lines: list[str] = []
        self.marks: list[tuple[str, str, str]] = []
        self.described: list[str] = []
        self.addresses: list[str] = []
        self.targets: list[str] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        named = dict(attributes)
        if tag == "a":
            self.targets.append(named["href"])
        else:
            self.addresses += [named[name] for name in ("src", "href") if name in named]
        if tag == "tr":
            self.rows.append([])
        elif tag == "polyline":
            self.lines.append(named["points"])
        elif tag == "circle":
            self.marks.append((named["cx"], named["cy"], named.get("class", "target")))
        elif tag == "svg" and named.get("role") == "img":
            self.described.append(named["aria-label"])
        elif tag in ("th", "td"):
            self.open = True
            self.rows[-1].append("")
            shades = re.findall(r"--(\w+)\) / ([0-9.]+)\)", named.get("style") or "")
            self.shades += [" ".join(shade) for shade in shades]

    def handle_endtag(self, tag: str) -> None:
        """Note that a cell ends."""
        if tag in ("th", "td"):
            self.open = False
            self.rows[-1][-1] = self.rows[-1][-1].rstrip("\n")

    def handle_data(self, data: str) -> None:
        """Note what a cell holds."""
        if self.open:
            self.rows[-1][-1] += data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with hand-made reports, and a bundle and a split beside them."""
    write_reports(tmp_path, METRICS)
    posts = {"rowid": [17, 19], "text": ["Low <water>\nat noon", "Never shown"]}
    files.write_parquet(tmp_path / "test.parquet", pa.table(posts))
    return tmp_path


def test_shows_every_number(run_script: RunScript, folder: Path) -> None:
    """Scores, baselines, counts, sizes, warnings and parity stand on the page, rounded."""
    page = render(run_script, folder)
    rows = Cells(page).rows
    first = "1,234 test posts have their label ranked first (95 % interval\n85.7 % to 89.3 %)."
    assert first in page
    assert "recall@3" not in page and "among the first" not in page
    assert "<bdi>&lt;erika&gt;</bdi> 3, <bdi>ebb</bdi> 4." in page
    assert '<span class="score">87.6 %</span>' in page
    assert "most frequent label, tides, they would make it 87.0 % of\n1,250." in page
    for row in (
        ["this model", "0.876 0.86–0.89", ""],
        ["complement naive Bayes, all words", "0.864 0.84–0.88", ""],
        ["linear support vector machine, all words", "0.853 0.83–0.87", ""],
        ["the most frequent label", "0.810 0.79–0.83", ""],
        ["validation", "10", "0.500 0.24–0.76", "0.400 0.20–0.64"],
        ["test", "1,234", "0.876 0.86–0.89", "0.850 0.83–0.87"],
        ["<b>", "1,000", "0.125 0.11–0.14", "0.750 0.72–0.78", "0.375 0.30–0.40", ""],
        ["tides", "400", "39", "234", ""],
        ["1,000", "7", "256 levels", "12,345", "0.850", "0.400", "chosen"],
        ["2,000", "7", "float32", "100,000", "0.900", "0.450", ""],
        ["<b>", "750", "250"],
        ["tides", "0", "234"],
        ["0", "4", "0.375", "0.250", ""],
        ["1 – 9", "1,230", "0.881", "0.878", ""],
        ["<b>", *["96.0 of 50"] * 3, *["–"] * 4],
        ["tides", *["–"] * 7],
        ["1995", "1,234", "0.876", ""],
        ["17", "tides", "<b>", "0.999", "<i> 1.50, rye 0.25"],
        ["23", "<b>", "tides", "0.750", ""],
        ["tfjs/model.json", "4,321", str(len(gzip.compress(b"x" * 4321)))],
        ["of 2,000 rows", "posts"],
        ["in train", "700"],
        ["dropped: null text", "3"],
        ["found twice: on both sides", "17"],
    ):
        assert row in rows
    assert (
        "apart by 1,000 words, pairs and pieces, is\n50% naive Bayes and for the rest support "
        "vector machines, takes\n12 KB over the network, and learnt from\n777 posts"
    ) in page
    assert "Pairs of words\nare left out: parts" in page
    assert "had a recall@1 of 0.750 with them and\n0.812 without" in page
    assert (
        "Errors cost these\n0.25: the same parts had a recall@1 of\n0.812 at 1, and 0.875 at 0.25."
        in page
    )
    assert "Expected calibration error: 0.062; on the validation split\n0.250, and 0.125" in page
    assert "below 0.40 is called not sure. Of the test posts\n75.0 % get" in page
    assert "of which 93.8 % are right" in page
    assert "would have reached\n0.912 instead of 0.864" in page
    remark = "No validation text has the label tides: macro-F1 is the mean over 1 of 2 labels."
    assert f"<li>{remark}</li>" in page
    assert "Warning: label tides has 4 training posts, fewer than 5." in page
    assert (
        "<bdi>tides</bdi>, has 400 training texts, the rarest,\n<bdi>&lt;b&gt;</bdi>, 300." in page
    )
    assert "The test split holds what &lt;the&gt; table says." in page
    assert "graph 1.0e-07, layers 2.5e-07" in page
    assert "(allowed: 1e-05)" in page
    assert names_in(folder / "out") == ["report.html"]


def test_draws_the_plots_and_the_shades(run_script: RunScript, folder: Path) -> None:
    """Points lie where their values are on the axes; errors have a scale of their own."""
    cells = Cells(render(run_script, folder))
    assert cells.lines == [
        # 250 by 170 units; 97 to 776 texts, a third of the logarithms to 194; recall from 0.5.
        "0.0,136.0 83.3,85.0 250.0,46.2",
        "0.0,153.0 83.3,102.0 250.0,50.0",
        # All answers and three of four of them, accuracy from 0.8 to 1.
        "250.0,105.4 187.5,53.1",
        # Both axes from 0 to 1, the diagonal first.
        "0.0,170.0 250.0,0.0",
        "62.5,85.0 187.5,17.0",
        # Texts with one of the labels across, with none upwards; the diagonal first.
        "0.0,170.0 250.0,0.0",
        "100.0,17.0 75.0,34.0 50.0,42.5 12.5,85.0",
        # From 10,000 to 100,000 bytes, of which 12,345 are a tenth in logarithms; recall from 0.7.
        "0.0,113.3 22.9,85.0",
    ]
    assert cells.marks == [
        *(("0.0", "136.0", "fill"), ("83.3", "85.0", "fill"), ("250.0", "46.2", "fill")),
        *(("0.0", "153.0", "ring"), ("83.3", "102.0", "ring"), ("250.0", "50.0", "ring")),
        ("250.0", "42.2", "target"),
        ("187.5", "53.1", "target"),
        *(("62.5", "85.0", "fill"), ("187.5", "17.0", "fill")),
        *(("100.0", "17.0", "fill"), ("50.0", "42.5", "target"), ("12.5", "85.0", "fill")),
        # Strips of 120 units from 0.5 to 1.
        *(("60.0", "0", "fill"), ("36.0", "0", "fill")),
        *(("0.0", "113.3", "fill"), ("22.9", "85.0", "fill"), ("22.9", "85.0", "target")),
        ("250.0", "56.7", "fill"),
    ]
    # A fourth of <b> and no text of tides is wrong; the greatest shares are as dark as it gets.
    assert cells.shades == ["right 0.34", "wrong 0.45", "right 0.45"]


def test_says_what_the_plots_show(run_script: RunScript, folder: Path) -> None:
    """Each plot's points are told in words, and of many those that were chosen."""
    learning, coverage, calibration, outside, sizes = Cells(render(run_script, folder)).described
    assert learning == (
        "Recall@1 on the test split by training texts. complement naive Bayes, 97 texts: 0.600; "
        "complement naive Bayes, 194 texts: 0.750; complement naive Bayes, 776 texts: 0.864; "
        "a linear support vector machine, 97 texts: 0.550; a linear support vector machine, "
        "194 texts: 0.700; a linear support vector machine, 776 texts: 0.853; "
        "this model, 777 texts: 0.876"
    )
    assert outside == (
        "Texts told to have none of the labels. from 0.25 on 0.400 with one, 0.900 with none; "
        "from 0.5 on 0.200 with one, 0.750 with none; from 0.75 on 0.050 with one, 0.500 with none"
    )
    assert coverage == ("Accuracy by coverage, the surest answers first. sure: 0.750, right 0.938")
    assert "34 posts, as sure as 0.25: 0.500 right" in calibration
    assert sizes.count("1,000 words, width 7, 256 levels: 12,345 bytes, recall@1 0.850") == 2
    many = [METRICS["sizes"][0]] * 30 + [METRICS["sizes"][1]]
    files.write_json(folder / "metrics.json", {**METRICS, "sizes": many})
    assert Cells(render(run_script, folder)).described[4] == (
        "Recall of the validation split by size. 1,000 words, width 7, 256 levels: 12,345 bytes, "
        "recall@1 0.850"
    )


def test_the_worst_pairs() -> None:
    """Three at most, in the order of their counts; of equal ones the rarer label's first."""
    counts = [[5, 9, 2], [3, 50, 9], [0, 2, 7]]
    pairs = find_worst_pairs(counts, ["a", "b", "c"])
    assert [(pair["label"], pair["predicted"], pair["count"], pair["posts"]) for pair in pairs] == [
        ("a", "b", 9, 16),
        ("b", "c", 9, 62),
        ("b", "a", 3, 62),
    ]
    assert find_worst_pairs([[5, 0], [0, 7]], ["a", "b"]) == []
    cells = [row["cells"] for row in describe_confusion(counts, ["a", "b", "c"])]
    assert cells[0][1] == (9, 9 / 16, False, DARKEST)
    assert cells[2][1] == (2, 2 / 9, False, DARKEST * ((2 / 9) / (9 / 16)))
    assert cells[1][1] == (50, 50 / 62, True, DARKEST)


def test_the_worst_pairs_in_words(run_script: RunScript, folder: Path) -> None:
    """As a sentence; where there is no error, that is said."""
    page = render(run_script, folder)
    assert (
        "Most often texts of <bdi>&lt;b&gt;</bdi> are taken for <bdi>tides</bdi>\n(250 of" in page
    )
    test = {**METRICS["test"], "confusion": [[1000, 0], [0, 234]]}
    files.write_json(folder / "metrics.json", {**METRICS, "test": test})
    page = render(run_script, folder)
    assert "There is no error." in page and "Most often" not in page


def test_beside_the_best_peer(run_script: RunScript, folder: Path) -> None:
    """Both models on the same texts, the interval of the difference, and whether that is chance."""
    page = render(run_script, folder)
    assert (
        "this model alone is right on 56, the better of its peers,\ncomplement naive Bayes, alone "
        "on 41: the difference in recall@1 is\n+0.012 (95 % interval −0.003 to +0.027)."
    ) in page
    assert "with a probability of\n0.16 (McNemar's test), so this may be chance." in page
    peers = {**METRICS["peers"], "naive_bayes": {**METRICS["peers"]["naive_bayes"], "recall@1": 0}}
    files.write_json(folder / "metrics.json", {**METRICS, "peers": peers})
    page = render(run_script, folder)
    assert "a linear support vector machine, alone on 31" in page
    assert "with a probability of\n0.004 (McNemar's test)." in page


def test_years_that_tell_nothing(run_script: RunScript, folder: Path) -> None:
    """Where split values are none of the table's own, there is no table by them."""
    assert "split value</th>" in render(run_script, folder)
    test = {name: value for name, value in METRICS["test"].items() if name != "by_split_value"}
    files.write_json(folder / "metrics.json", {**METRICS, "test": test})
    assert "split value" not in render(run_script, folder)


def test_contents(run_script: RunScript, folder: Path) -> None:
    """Each section that there is, and the model card, where the bundle has it."""
    page = render(run_script, folder)
    card, *targets = Cells(page).targets
    assert card == "../bundle/model-card.html"
    assert targets == [f"#{name}" for name in re.findall(r'<section [^>]* id="(.*?)">', page)]
    assert len(targets) == 14


def test_one_training_text(run_script: RunScript, folder: Path) -> None:
    """A curve of one point is a point."""
    files.write_text(folder / "learning.csv", LEARNING.splitlines()[0] + "\n1,0.5,0.5\n")
    marks = Cells(render(run_script, folder)).marks
    assert marks[:2] == [("250.0", "141.7", "fill"), ("250.0", "141.7", "ring")]


def test_says_what_more_texts_would_bring(run_script: RunScript, folder: Path) -> None:
    """By the best curve that goes to its end; with two points nothing is said."""
    page = " ".join(render(run_script, folder).split())
    assert "A hundred more labelled texts would likely change recall@1 by +0.8 points" in page
    assert "if the errors of complement naive Bayes go on as in this curve" in page
    head, *rows = LEARNING.splitlines()
    files.write_text(folder / "learning.csv", "\n".join([head, *rows[1:]]) + "\n")
    assert "A hundred more" not in render(run_script, folder)
    curve = [f"{head},with_vectors", f"{rows[0]},0.7", f"{rows[1]},0.8", f"{rows[2]},0.88"]
    files.write_text(folder / "learning.csv", "\n".join(curve) + "\n")
    page = " ".join(render(run_script, folder).split())
    assert "if the errors of with word vectors" not in page
    assert "if the errors of both with word vectors go on" in page
    assert "with word vectors, 97 texts: 0.700" in page
    # As far as it goes, where it ends before the others.
    files.write_text(folder / "learning.csv", "\n".join([*curve[:3], f"{rows[2]},"]) + "\n")
    page = " ".join(render(run_script, folder).split())
    assert "with word vectors, 194 texts: 0.800" in page
    assert "if the errors of complement naive Bayes go on" in page


def test_strips_of_many_labels() -> None:
    """Each label has a mark for recall@1, @3 and @5, where they say something."""
    values = {
        "recall@1": 0.75, "recall@3": 0.875, "recall@5": 1.0, "intervals": {"recall@1": [0.5, 0.9]},
    }  # fmt: skip
    strips = draw_strips({f"label {number}": values for number in range(6)})
    # Of the axis from 0.4 on, in 120 units.
    assert strips.axis.low == 0.4
    marks = [("disc", 70.0), ("ring", 95.0), ("bar", 120.0)]
    assert strips.rows["label 3"] == (20.0, 100.0, marks)
    assert describe_ranks((1, 3, 5)) == (
        "● recall@1, ○ recall@3, ❙ recall@5: the share of a label's texts that have it among the "
        "first 1, 3 and 5"
    )
    assert describe_ranks((1,)).endswith("that have it ranked first")


def test_candidates_alike(run_script: RunScript, folder: Path) -> None:
    """Two of the same bytes and recall lie on each other."""
    alike = [{**METRICS["sizes"][0], "levels": levels, "front": 0} for levels in (96, 48)]
    files.write_json(folder / "metrics.json", {**METRICS, "sizes": [*METRICS["sizes"], *alike]})
    marks = Cells(render(run_script, folder)).marks
    assert marks.count(("0.0", "113.3", "fill")) == 3


def test_shows_texts_only_where_asked(run_script: RunScript, folder: Path) -> None:
    """Without --show-text no text is quoted, and how to is said; with it, first words are."""
    page = render(run_script, folder)
    assert "water" not in page and "set\n<code>report.show_text</code>" in page
    page = render(run_script, folder, "--show-text", folder / "test.parquet")
    assert 'class="quoted"><bdi>Low &lt;water&gt; at noon</bdi>' in page
    assert "Never shown" not in page and "report.show_text" not in page


def test_first_words() -> None:
    """As many as go into a line or three, whole where there are spaces."""
    assert first_words(" one\n\ttwo ") == "one two"
    assert first_words("abcd " * 48) == ("abcd " * 48).strip()
    assert first_words("abcde " * 41) == "abcde " * 40 + "…"
    assert first_words("面" * 241) == "面" * 240 + " …"


def test_shows_what_was_tried(run_script: RunScript, folder: Path) -> None:
    """Without --search there is no such section; with it each row, the chosen one marked."""
    assert "were tried" not in render(run_script, folder)
    table = (
        "scale,learning_rate,augmented,recall@1,loss,chosen\n"
        "4,0.0003,1,0.912341,0.287651,0\n2,0.001,1,0.901231,0.298761,1\n2,0.001,0,0.9,0.3125,0\n"
    )
    files.write_text(folder / "search.csv", table)
    page = render(run_script, folder, "--search", folder / "search.csv")
    assert "<summary>All 3 models</summary>" in page
    rows = Cells(page).rows
    start = rows.index(["scale", "learning rate", "augmented", "recall@1", "loss", ""])
    assert rows[start + 1 : start + 4] == [
        ["4", "0.0003", "yes", "0.912", "0.288", ""],
        ["2", "0.001", "yes", "0.901", "0.299", "chosen"],
        ["2", "0.001", "no", "0.900", "0.312", ""],
    ]


def test_shows_both_trainers(run_script: RunScript, folder: Path) -> None:
    """Where the model was trained twice, both figures; where in Node alone, what it lacks."""
    assert "side by side" not in render(run_script, folder)
    parts = {"splits/train": True, "vocabulary/<b>": True}
    scores = {"posts": 1234, "same_best_label": 0.995, "max_difference": 2e-07}
    trainers, node = folder / "trainers.json", folder / "node.json"
    files.write_json(trainers, {"parts": parts, "scores": scores})
    other = {split: {**METRICS[split], "recall@1": 0.125} for split in ("test", "validation")}
    files.write_json(node, other)
    page = render(run_script, folder, "--trainers", trainers, "--node", node)
    assert "99.5 %, and no score differs by more than\n2e-07." in page
    assert "<li>vocabulary/&lt;b&gt;</li>" in page
    rows = Cells(page).rows
    start = rows.index(["", "Python", "Node.js"])
    assert rows[start + 1 : start + 5] == [
        ["recall@1, test split", "0.8760", "0.1250"],
        ["macro-F1, test split", "0.8500", "0.8500"],
        ["recall@1, validation split", "0.5000", "0.1250"],
        ["macro-F1, validation split", "0.4000", "0.4000"],
    ]
    files.write_json(trainers, {"parts": parts})
    page = render(run_script, folder, "--trainers", trainers)
    assert "there is no SavedModel" in page
    assert "trained twice" not in page


def test_nothing_stripped(run_script: RunScript, folder: Path) -> None:
    """Where the texts are as they came, there is nothing to say about what was stripped."""
    plain = ("most_frequent_label", "naive_bayes", "support_vectors")
    kept = {name: METRICS["baselines"][name] for name in plain}
    files.write_json(folder / "metrics.json", {**METRICS, "baselines": kept})
    assert "stripped" not in render(run_script, folder)


def test_nothing_recorded_before(run_script: RunScript, folder: Path) -> None:
    """It is said how to have a comparison."""
    assert "<code>provender\nupdate</code> builds" in render(run_script, folder)


def test_much_is_measured_in_part(run_script: RunScript, folder: Path) -> None:
    """Where peers learnt from a part, or TensorFlow.js answered a part, the page says so."""
    page = " ".join(render(run_script, folder).split())
    assert "evenly spaced" not in page
    metrics = files.read_json(folder / "metrics.json")
    metrics["baselines"]["texts"] = 700
    files.write_json(folder / "metrics.json", metrics)
    parity = {**files.read_json(folder / "parity.json"), "tensorflow_posts": 617}
    files.write_json(folder / "parity.json", parity)
    page = " ".join(render(run_script, folder).split())
    assert "all of the training texts they had, 700, evenly spaced, since there are more" in page
    assert "TensorFlow.js was asked of 617 of them, evenly spaced." in page


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


def test_nothing_learnt_of_what_is_outside(run_script: RunScript, folder: Path) -> None:
    """Where too few texts told how such a text looks, that is said in the plot's place."""
    files.write_json(folder / "outside.json", {"other": [], "curve": []})
    page = render(run_script, folder)
    assert "too few posts to learn how a post looks that has none of the labels" in page
    assert "Texts told to have none" not in page
