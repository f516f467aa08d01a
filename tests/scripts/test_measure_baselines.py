"""measure_baselines: what a user would try first, on the same texts."""

from pathlib import Path

import pyarrow as pa
import pytest
import references
from databases import make_table
from step_runs import RunScript, names_in

from provender import config, files
from provender.text.recipe import compile_recipe

LABELS = ["bread", "tides"]

# (row id, what stands in the table, what is left of it, label)
TRAIN = [
    (1, "at sea\n\nthe moon", "the moon", "tides"),
    (2, "at sea\n\nebb and flood", "ebb and flood", "tides"),
    (3, "at home\n\nrye and yeast", "rye and yeast", "bread"),
    (4, "at home\n\nthe oven", "the oven", "bread"),
]
VALIDATION = [(5, "at home\n\nmore rye", "more rye", "bread")]
TEST = [
    (6, "at sea\n\nthe yeast", "the yeast", "tides"),
    (7, "at sea\n\nflood flood rye", "flood flood rye", "tides"),
    (8, "at home\n\nrye", "rye", "bread"),
    (9, "at sea\n\n...", "...", "tides"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the source, the splits, labels and recipe."""
    rows = [(raw, label, 1990) for _, raw, _, label in (*TRAIN, *VALIDATION, *TEST)]
    make_table(tmp_path / "news.sqlite", rows, "Data, Category, Year", "news")
    for name, posts in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        table = pa.table(
            {
                "rowid": pa.array([row for row, _, _, _ in posts], pa.int64()),
                "text": [text for _, _, text, _ in posts],
                "label": [label for _, _, _, label in posts],
            }
        )
        files.write_parquet(tmp_path / f"{name}.parquet", table)
    files.write_json(tmp_path / "labels.json", LABELS)
    recipe = compile_recipe(config.read_recipe("config/text.yaml"))
    files.write_json(tmp_path / "text.json", recipe)
    return tmp_path


def measure(run_script: RunScript, folder: Path, *strip: str) -> dict[str, float]:
    """Run the step and return its report."""
    names = ("train.parquet", "validation.parquet", "test.parquet", "labels.json", "text.json")
    run_script(
        "measure_baselines",
        *("--source", folder / "news.sqlite", "--max-words", "20", "--strip", *strip),
        *(word for name in names for word in (f"--{name.partition('.')[0]}", folder / name)),
        *("--output", folder / "out" / "baselines.json"),
    )
    assert names_in(folder / "out") == ["baselines.json"]
    return files.read_json(folder / "out" / "baselines.json")


def expected_score(column: int) -> float:
    """Return naive Bayes' share of right answers, in plain loops; the first label wins ties."""
    vocabulary: dict[str, int] = {}

    def encode(posts: list[tuple], learn: bool) -> list[list[int]]:
        found = []
        for post in posts:
            words = post[column].replace(".", " . ").split()
            if learn:
                for word in words:
                    vocabulary.setdefault(word, len(vocabulary) + references.FIRST_WORD)
            found.append([vocabulary.get(word, 1) for word in words])
        return found

    known = [*TRAIN, *VALIDATION]
    texts, asked = encode(known, learn=True), encode(TEST, learn=False)
    truth = [LABELS.index(post[3]) for post in known]
    size = len(vocabulary) + references.FIRST_WORD
    table = references.naive_bayes(texts, truth, size, len(LABELS), 0.3)
    right = 0
    for ids, post in zip(asked, TEST, strict=True):
        scores = references.predict(ids, table, [[1, 0], [0, 1]], [0, 0])
        right += LABELS[references.ranking(scores)[0]] == post[3]
    return right / len(TEST)


def test_scores(run_script: RunScript, folder: Path) -> None:
    """Naive Bayes as by plain loops, on stripped texts and on texts as they came."""
    report = measure(run_script, folder, "headers")
    assert 0.25 < report.pop("support_vectors") <= 1
    assert report == {
        "most_frequent_label": 0.25,
        "naive_bayes": expected_score(2),
        "naive_bayes_unstripped": expected_score(1),
    }
    # The header gives the label away.
    assert report["naive_bayes"] < report["naive_bayes_unstripped"] == 1


def test_nothing_stripped(run_script: RunScript, folder: Path) -> None:
    """Where nothing was stripped, there is nothing to compare with."""
    assert sorted(measure(run_script, folder)) == [
        "most_frequent_label",
        "naive_bayes",
        "support_vectors",
    ]
