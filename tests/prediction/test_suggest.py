"""provender suggest: which texts to label next."""

import csv
from pathlib import Path

import numpy as np
import pytest
from model_inputs import make_features
from test_predict import run_command

from provender.prediction import suggest

# Words of two kinds of texts, and of one oddity.
MOONS, LOAVES, ODD = [2, 3, 4], [5, 6, 7], [8, 9, 10]


def choose(texts: list[list[int]], margins: list[float], count: int) -> list[int]:
    """Choose among texts of these ids."""
    features = make_features(texts, [0] * len(texts), 11)
    return suggest.choose(features, np.array(margins), count)


def test_spread_and_unsure() -> None:
    """One of each kind comes before a second one of the same, the least sure first."""
    texts = [MOONS, [*MOONS, 11 - 1], LOAVES, [2, 3], [5, 6]]
    assert choose(texts, [0.1, 0.2, 0.3, 0.4, 0.5], 2) == [0, 2]
    assert choose(texts, [0.4, 0.2, 0.3, 0.1, 0.9], 1) == [3]


def test_oddities() -> None:
    """What is like nothing else comes last, though nothing is known of it."""
    assert choose([ODD, MOONS, MOONS[:2], MOONS[1:]], [0, 0.2, 0.2, 0.2], 4)[0] != 0


def test_copies() -> None:
    """Copies teach nothing more; texts without anything teach nothing."""
    assert choose([MOONS, LOAVES, MOONS, [], LOAVES], [0.1, 0.2, 0.1, 0, 0.2], 5) == [0, 1]
    assert choose([], [], 5) == []


ROWS = [
    ("flour", "bread"),
    ("flour and king", ""),
    ("  ", ""),
    ("king, queen and flour in the oven", ""),
    ("FLOUR and  king", ""),
    ("moon ebb tide harbour", " "),
]


def write_table(path: Path) -> Path:
    """Write those rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("message", "team"), *ROWS])
    return path


def test_a_table(small_bundle: Path, tmp_path: Path) -> None:
    """The file to fill in has the table's own columns; what has a label is not asked again."""
    table, target = write_table(tmp_path / "in.csv"), tmp_path / "out.csv"
    options = ("--column", "message", "--label", "team", "--model", small_bundle)
    said = run_command("suggest", table, *options, "--to", target).stdout
    assert said == f"3 texts to label: {target}\n"
    found = list(csv.DictReader(target.read_text("utf-8").splitlines()))
    assert list(found[0]) == ["row", "message", "team", "guess", "score", "known", "read"]
    assert sorted(int(row["row"]) for row in found) == [3, 5, 7]
    assert {row["team"] for row in found} == {""}
    # What the model is sure of is the last to be asked.
    assert found[-1]["guess"] == "tides"
    few = run_command("suggest", table, *options, "--count", "1").stdout.splitlines()
    assert few[1].startswith(found[0]["row"])
    # Without the column of labels all are asked.
    more = run_command("suggest", table, *options[:2], *options[4:]).stdout.splitlines()
    assert len(more) == 1 + 4
    assert more[0].startswith("row,message,label,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "there is no file none.csv with texts"),
        (["in.csv", "--column", "body"], "--column names the column body"),
        (
            ["done.csv", "--column", "message", "--label", "team"],
            "there is no text without a label",
        ),
        (["in.csv", "--column", "message", "--count", "0"], "--count"),
    ],
)
def test_nothing_to_suggest(
    small_bundle: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """One message says why, and no file is left."""
    write_table(tmp_path / "in.csv")
    (tmp_path / "done.csv").write_text("message,team\nflour,bread\n", encoding="utf-8")
    place = arguments[0] if arguments[0] == "none.csv" else tmp_path / arguments[0]
    code = 2 if "--count" in arguments else 1
    target = ("--to", tmp_path / "out.csv", "--model", small_bundle)
    done = run_command("suggest", place, *arguments[1:], *target, code=code)
    assert said in done.stderr
    assert not (tmp_path / "out.csv").exists()
