"""measure_baselines: what a user would try first, on the same texts."""

import math
from collections import Counter
from pathlib import Path

import measure_baselines
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
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


KNOWN = [*TRAIN, *VALIDATION]


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


def arguments(folder: Path, *strip: str) -> list[str | Path]:
    """Return the command line."""
    names = ("train.parquet", "validation.parquet", "test.parquet", "labels.json", "text.json")
    return [
        *("--source", folder / "news.sqlite", "--max-words", "20", "--strip", *strip),
        *(word for name in names for word in (f"--{name.partition('.')[0]}", folder / name)),
        *("--output", folder / "out" / "baselines.json"),
        *("--answers", folder / "out" / "answers.parquet"),
        *("--learning", folder / "out" / "learning.csv"),
    ]


def measure(
    run_script: RunScript, folder: Path, *strip: str, more: tuple[str | Path, ...] = ()
) -> dict[str, float]:
    """Run the step and return its report."""
    run_script("measure_baselines", *arguments(folder, *strip), *more)
    assert names_in(folder / "out") == ["answers.parquet", "baselines.json", "learning.csv"]
    return files.read_json(folder / "out" / "baselines.json")


def encode(column: int, learnt: list[tuple]) -> tuple[list[list[int]], list[list[int]], int]:
    """Return ids of the posts that are ``learnt``, ids of the test posts, and how many ids.

    ``column``: which of a post's texts is read.
    """
    vocabulary: dict[str, int] = {}

    def to_ids(posts: list[tuple], learn: bool) -> list[list[int]]:
        found = []
        for post in posts:
            words = post[column].replace(".", " . ").split()
            if learn:
                for word in words:
                    vocabulary.setdefault(word, len(vocabulary) + references.FIRST_WORD)
            found.append([vocabulary.get(word, 1) for word in words])
        return found

    texts, asked = to_ids(learnt, learn=True), to_ids(TEST, learn=False)
    return texts, asked, len(vocabulary) + references.FIRST_WORD


def naive_bayes(column: int = 2, learnt: list[tuple] = KNOWN) -> list[int]:
    """Return naive Bayes' answers in plain loops; the first label wins ties."""
    texts, asked, size = encode(column, learnt)
    table = references.naive_bayes(texts, truths(learnt), size, len(LABELS), 0.3)
    return [
        references.ranking(references.predict(ids, table, [[1, 0], [0, 1]], [0, 0]))[0]
        for ids in asked
    ]


def support_vectors(learnt: list[tuple] = KNOWN) -> list[int]:
    """Return the answers of support vector machines, in plain loops."""
    texts, asked, size = encode(2, learnt)
    frequency = Counter(word for ids in texts for word in set(ids))
    factors = [math.log((1 + len(texts)) / (1 + frequency[word])) + 1 for word in range(size)]
    chance = np.random.Generator(np.random.PCG64(1))
    orders = [chance.permutation(len(texts)).tolist() for _ in range(3)]
    machines = [
        references.hinge(
            texts, [1 if own == label else -1 for own in truths(learnt)], factors, 1.0, orders
        )
        for label in range(len(LABELS))
    ]
    answers = []
    for ids in asked:
        vector = references.word_vector(ids)
        margins = [
            weights[-1]
            + sum(value * factors[word] * weights[word] for word, value in vector.items())
            for weights in machines
        ]
        answers.append(references.ranking(margins)[0])
    return answers


def truths(posts: list[tuple]) -> list[int]:
    """Return the label numbers of posts."""
    return [LABELS.index(post[3]) for post in posts]


def recall(answers: list[int]) -> float:
    """Return the share of right answers."""
    return sum(map(int.__eq__, answers, truths(TEST))) / len(TEST)


def test_scores(run_script: RunScript, folder: Path) -> None:
    """As by plain loops, on stripped texts; naive Bayes also on texts as they came."""
    report = measure(run_script, folder, "headers")
    assert report == {
        "support_vectors": recall(support_vectors()),
        "most_frequent_label": 0.25,
        "naive_bayes": recall(naive_bayes()),
        "naive_bayes_unstripped": recall(naive_bayes(1)),
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


def test_answers_to_pair(run_script: RunScript, folder: Path) -> None:
    """Each peer's best label of each test post, in the test split's order."""
    measure(run_script, folder)
    assert files.read_parquet(folder / "out" / "answers.parquet").to_pydict() == {
        "rowid": [6, 7, 8, 9],
        "naive_bayes": naive_bayes(),
        "support_vectors": support_vectors(),
    }


def test_fewer_training_texts(run_script: RunScript, folder: Path) -> None:
    """A fourth and a half of five texts and all of them, by their own words alone."""
    report = measure(run_script, folder)
    place = np.random.Generator(np.random.PCG64(1)).permutation(5).tolist()
    expected = ["texts,naive_bayes,support_vectors"]
    for count in (1, 2, 5):
        learnt = [post for post, drawn in zip(KNOWN, place, strict=True) if drawn < count]
        scores = (recall(naive_bayes(2, learnt)), recall(support_vectors(learnt)))
        expected.append(f"{count},{scores[0]},{scores[1]}")
    assert (folder / "out" / "learning.csv").read_text().splitlines() == expected
    assert expected[-1] == f"5,{report['naive_bayes']},{report['support_vectors']}"
    assert len({line.partition(",")[2] for line in expected}) > 2


def test_of_much_text_a_part_is_learnt_from(
    run_script: RunScript, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each second text of both splits; of the test split all are asked, a part for the curve."""
    report = measure(run_script, folder)
    assert "texts" not in report
    size = sum(
        measure_baselines.text_bytes(folder / f"{n}.parquet") for n in ("train", "validation")
    )
    monkeypatch.setattr(measure_baselines, "MOST_BYTES", size - 1)
    monkeypatch.setattr(measure_baselines, "MOST_ASKED", 3)
    options = measure_baselines.parse_arguments().parse_args(list(map(str, arguments(folder))))
    measure_baselines.main(options)
    learnt = KNOWN[::2]
    found = files.read_json(folder / "out" / "baselines.json")
    assert found == {
        "support_vectors": recall(support_vectors(learnt)),
        "most_frequent_label": 0.25,
        "naive_bayes": recall(naive_bayes(2, learnt)),
        "texts": 3,
    }
    answers = files.read_parquet(folder / "out" / "answers.parquet").to_pydict()
    assert answers["rowid"] == [6, 7, 8, 9]
    assert answers["naive_bayes"] == naive_bayes(2, learnt)
    right = [own == truth for own, truth in zip(answers["naive_bayes"], truths(TEST), strict=True)]
    last = (folder / "out" / "learning.csv").read_text().splitlines()[-1]
    assert last.startswith(f"3,{sum(right[::2]) / 2},")


def test_rows_evenly_spaced(tmp_path: Path) -> None:
    """Over row groups and files."""
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path, rows in zip(paths, (range(5), range(5, 9)), strict=True):
        pq.write_table(pa.table({"row": list(rows)}), path, row_group_size=2)
    for every in (1, 2, 3, 7):
        tables = list(measure_baselines.read_every(paths, ["row"], every))
        assert pa.concat_tables(tables)["row"].to_pylist() == list(range(0, 9, every))


def test_fewer_training_texts_with_vectors(run_script: RunScript, folder: Path) -> None:
    """Words that no training text has tell by their vectors; the other columns stay."""
    words = [f"{kind}{number}" for kind in ("sea", "oven") for number in range(40)]
    axes = np.repeat([[4.0, 0.5], [0.5, 4.0]], 40, axis=0).astype(np.float32)
    table = {
        "word": words,
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(axes.ravel()), 2),
    }
    files.write_parquet(folder / "vectors.parquet", pa.table(table))
    for name, first, count in (("train", 0, 24), ("validation", 24, 2), ("test", 26, 14)):
        rows = [(row, row % 2) for row in range(first, first + count)]
        posts = pa.table(
            {
                "rowid": pa.array([row for row, _ in rows], pa.int64()),
                "text": [f"{('oven', 'sea')[label]}{row}" for row, label in rows],
                "label": [LABELS[label] for _, label in rows],
            }
        )
        files.write_parquet(folder / f"{name}.parquet", posts)
    measure(run_script, folder)
    plain = (folder / "out" / "learning.csv").read_text().splitlines()
    measure(run_script, folder, more=("--vectors", folder / "vectors.parquet"))
    rows = [line.split(",") for line in (folder / "out" / "learning.csv").read_text().splitlines()]
    assert [",".join(row[:3]) for row in rows] == plain
    assert rows[0][3] == "with_vectors"
    # No word of a test text is known but by its vector.
    assert [row[0] for row in rows[1:]] == ["3", "6", "13", "26"]
    assert rows[-1][1:] == ["0.5", "0.5", "1.0"]
