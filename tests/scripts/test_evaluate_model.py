"""evaluate_model: metrics, confusion matrix and predictions of the SavedModel."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import references
from conftest import Project
from evaluate_model import find_rare, format_figures, name_ranges
from model_inputs import read_weights, write_features
from step_runs import RunScript, names_in

from provender import files
from provender.model.metrics import interval

LABELS = ["bread", "chess", "tides"]


def draw_features(seed: int, posts: int, words: int) -> tuple[list[int], list[list[int]]]:
    """Return labels and word ids of made-up posts, of which some have no known word."""
    chance = random.Random(seed)
    ids = [[chance.randrange(words) for _ in range(40)] for _ in range(posts - 1)]
    return [chance.randrange(3) for _ in range(posts)], [*ids, [0] * 40]


def approximately(value: object) -> object:
    """Return ``value`` with the numbers in it allowed to differ by their rounding."""
    if isinstance(value, dict):
        return {name: approximately(item) for name, item in value.items()}
    return pytest.approx(value, abs=1e-9)


def write_measured(folder: Path) -> dict[str, object]:
    """Write what earlier steps have measured and return it as metrics.json has it."""
    measured = {
        "baselines": {"naive_bayes": 0.5, "support_vectors": 0.4, "most_frequent_label": 0.25},
        "posts": {
            "splits": {
                "train": {"labels": {"bread": 20, "chess": 30, "tides": 30}},
                "validation": {"labels": {"bread": 12, "chess": 1, "tides": 2}},
            },
            "test_without_text": {"posts": 10, "labels": {"chess": 6, "tides": 4}},
        },
    }
    files.write_json(folder / "baselines.json", measured["baselines"])
    files.write_json(folder / "checked.json", measured["posts"])
    answers = {
        "rowid": pa.array(range(1, 301), pa.int64()),
        "naive_bayes": pa.array([0] * 300, pa.int32()),
        "support_vectors": pa.array([1, 2] * 150, pa.int32()),
    }
    pq.write_table(pa.table(answers), folder / "answers.parquet")
    files.write_text(folder / "sizes.csv", "words,bytes,loss,chosen\n500,1234,1.000000,1\n")
    files.write_text(folder / "history.csv", "epoch,val_loss\n1,0.500000\n2,0.250000\n")
    return {
        **measured,
        "sizes": [{"words": 500, "bytes": 1234, "loss": 1.0, "chosen": 1}],
        "history": [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": 0.25}],
    }


def test_scores_both_splits(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """All that is written agrees with the weights, applied and counted by plain loops."""
    data = small_build.folder / "data"
    shipped = files.read_json(data / "vocabulary" / "vocabulary.json")
    words = len(shipped) + 2
    # More than one batch of 64, so that their order shows.
    truth, ids = draw_features(2, 300, words)
    # The candidates are the shipped words and others, in another order.
    files.write_json(tmp_path / "candidates.json", ["zzz", *reversed(shipped), "aaa"])
    files.write_json(tmp_path / "counts.json", [9, *range(len(shipped)), 1])
    asked = [[words + 2 - word if word > 1 else word for word in text] for text in ids]
    write_features(tmp_path / "test.parquet", truth, asked)
    known = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.375, 0.125]]
    flat = pa.array([score for row in known for score in row], pa.float32())
    predicted = {
        "rowid": pa.array([1, 2, 3], pa.int64()),
        "label": pa.array([0, 1, 1], pa.int32()),
        "scores": pa.FixedSizeListArray.from_arrays(flat, 3),
    }
    pq.write_table(pa.table(predicted), tmp_path / "validation.parquet")
    years = [float(1990 + row % 3) for row in range(300)]
    pq.write_table(
        pa.table({"year": years, "text": ["bread 🍞"] * 200 + ["面包"] * 100}),
        tmp_path / "posts.parquet",
    )
    measured = write_measured(tmp_path)
    output = tmp_path / "reports"
    options: list[str | Path] = [
        *("--saved-model", data / "model" / "saved_model"),
        *("--validation", tmp_path / "validation.parquet", "--test", tmp_path / "test.parquet"),
        *("--posts", tmp_path / "posts.parquet"),
        *("--candidates", tmp_path / "candidates.json", "--counts", tmp_path / "counts.json"),
        *("--choice", data / "model" / "choice.json"),
        *("--vocabulary", data / "vocabulary" / "vocabulary.json"),
        *("--labels", data / "vocabulary" / "labels.json"),
        *("--text", data / "vocabulary" / "text.json"),
        *("--baselines", tmp_path / "baselines.json", "--checked", tmp_path / "checked.json"),
        *("--sizes", tmp_path / "sizes.csv", "--history", tmp_path / "history.csv"),
        *("--summary", output / "summary.json"),
        *("--metrics", output / "metrics.json", "--confusion", output / "confusion.csv"),
        *("--predictions", output / "predictions.parquet"),
        *("--recall", output / "recall.csv", "--labelled", output / "labelled.csv"),
        *("--answers", tmp_path / "answers.parquet"),
    ]
    done = run_script("evaluate_model", *options, "--split-values", "number")

    weights = read_weights(data / "model" / "model.h5")
    arrays = (weights["table"], weights["kernel"], weights["bias"])
    pieces = {place for place, word in enumerate(shipped, 2) if word.startswith(" ")}
    scores = [references.predict(text, *arrays, pieces) for text in ids]
    expected = {
        "validation": references.measure(known, [0, 1, 1], LABELS),
        "test": references.measure(scores, truth, LABELS),
    }
    metrics = files.read_json(output / "metrics.json")
    for name, values in expected.items():
        for label, counted in values.pop("labels").items():
            found = metrics[name]["labels"][label]
            assert {key: found[key] for key in counted} == approximately(counted)
        assert {key: metrics[name][key] for key in values} == approximately(values)
    assert 0.2 < expected["test"]["recall@1"] < 0.8
    groups = metrics["test"]["by_split_value"]
    assert [(group["name"], group["posts"]) for group in groups] == [
        ("1990", 100),
        ("1991", 100),
        ("1992", 100),
    ]
    assert sum(group["recall@1"] for group in groups) / 3 == pytest.approx(
        expected["test"]["recall@1"]
    )
    best = [references.ranking(row)[0] for row in scores]
    for name, given in (("naive_bayes", [0] * 300), ("support_vectors", [1, 2] * 150)):
        peer = metrics["peers"][name]
        rows = list(zip(truth, best, given, strict=True))
        assert peer["recall@1"] == sum(own == other for own, _, other in rows) / 300
        assert peer["interval"] == interval(peer["recall@1"], 300)
        paired = peer["paired"]
        assert paired["only_a"] == sum(own == other != mine for own, mine, other in rows)
        assert paired["only_b"] == sum(own == mine != other for own, mine, other in rows)
        assert paired["recall@1"] == [peer["recall@1"], metrics["test"]["recall@1"]]
    assert sum(group["posts"] for group in metrics["test"]["by_words"]) == 300
    assert [(group["script"], group["posts"]) for group in metrics["test"]["by_script"]] == [
        ("Latin", 200),
        ("Han and kana", 100),
    ]
    # The post of padding alone, and who else has only unknown words; pairs and pieces are none.
    unknown = sum(all(word < 2 or " " in shipped[word - 2] for word in text) for text in ids)
    assert metrics["test"]["unknown"] == unknown > 0
    assert (
        metrics["rare_words"]
        == [{"word": word, "texts": place} for place, word in enumerate(reversed(shipped))][1:51]
    )
    assert 0 < metrics["test"]["calibration"]["expected_error"] < 1
    choice = files.read_json(data / "model" / "choice.json")
    assert {name: metrics[name] for name in (*measured, "choice")} == {**measured, "choice": choice}
    everything = metrics["test"]["with_blank_posts"]
    assert (everything["posts"], everything["lost"], everything["label"]) == (310, 10, "bread")
    hardest = metrics["test"]["hardest"]
    assert len(hardest) == 20
    assert [post["score"] for post in hardest] == sorted(
        (post["score"] for post in hardest), reverse=True
    )

    predictions = pq.read_table(output / "predictions.parquet")
    assert predictions.schema == pa.schema(
        {"rowid": pa.int64(), "label": pa.int32(), "scores": pa.list_(pa.float32(), 3)}
    )
    assert predictions["rowid"].to_pylist() == list(range(1, 301))
    assert predictions["label"].to_pylist() == truth
    np.testing.assert_allclose(predictions["scores"].to_pylist(), scores, atol=1e-6)

    counts = [[0] * 3 for _ in LABELS]
    pairs = ["actual,predicted"]
    for label, row in zip(truth, scores, strict=True):
        counts[label][references.ranking(row)[0]] += 1
        pairs.append(f"{LABELS[label]},{LABELS[references.ranking(row)[0]]}")
    assert (output / "labelled.csv").read_text(encoding="utf-8").splitlines() == pairs
    header, *recall = (output / "recall.csv").read_text(encoding="utf-8").splitlines()
    assert header == "k,validation,test"
    # Of three labels, recall@3 is always 1.
    for line, k in zip(recall, (1,), strict=True):
        values = [expected[split][f"recall@{k}"] for split in ("validation", "test")]
        assert [float(cell) for cell in line.split(",")] == approximately([k, *values])
    lines = [[name, *map(str, row)] for name, row in zip(LABELS, counts, strict=True)]
    assert metrics["test"]["confusion"] == counts
    assert (output / "confusion.csv").read_text(encoding="utf-8").splitlines() == [
        "label,bread,chess,tides",
        *map(",".join, lines),
    ]
    assert f"evaluate_model: test: {format_figures(metrics['test'])}\n" in done.stderr
    assert "evaluate_model: note: nothing shows that the model has learnt anything" in done.stderr
    assert metrics["remarks"][0].startswith("nothing shows that the model has learnt anything")
    assert names_in(output) == [
        "confusion.csv",
        "labelled.csv",
        "metrics.json",
        "predictions.parquet",
        "recall.csv",
        "summary.json",
    ]
    names = ("posts", "recall@1", "macro_f1")
    assert files.read_json(output / "summary.json") == {
        "baselines": measured["baselines"],
        "model": {"bytes": choice["bytes"], "words": choice["words"]},
        **{
            split: {
                **{name: metrics[split][name] for name in names},
                "calibration_error": metrics[split]["calibration"]["expected_error"],
            }
            for split in ("validation", "test")
        },
    }

    # Values that are no time, or none of the table's own, are not grouped by.
    run_script("evaluate_model", *options)
    assert "by_split_value" not in files.read_json(output / "metrics.json")["test"]
    other = pq.read_table(tmp_path / "answers.parquet")
    pq.write_table(other.take([1, 0, *range(2, 300)]), tmp_path / "answers.parquet")
    failed = run_script("evaluate_model", *options, code=1)
    assert "answers.parquet is of other posts than the test split: run snakemake" in failed.stderr


def test_split_values_by_their_names() -> None:
    """As the table has them: numbers, or dates, and one alone where a range is of one."""
    groups = [{"from": 0.0, "to": 86400.0}, {"from": 1700000000.0, "to": 1700000000.0}]
    assert [group["name"] for group in name_ranges(groups, "date")] == [
        "1970-01-01 – 1970-01-02",
        "2023-11-14T22:13:20Z",
    ]
    assert name_ranges(groups, "number")[0] == {"from": 0, "to": 86400, "name": "0 – 86400"}


def test_figures_come_with_their_intervals() -> None:
    """As a line of the log, and no more of recall@k than there is."""
    measured = {
        "posts": 1234, "recall@1": 0.5, "macro_f1": 0.25,
        "intervals": {"recall@1": [0.4444, 0.5556], "macro_f1": [0.2, 0.3]},
    }  # fmt: skip
    assert format_figures(measured) == (
        "recall@1 0.5000 (0.444 to 0.556), macro-F1 0.2500 (0.200 to 0.300) on 1,234 texts "
        "(95 % intervals)"
    )


def test_rare_words() -> None:
    """Those of the fewest texts first, of equally many by code point; fifty at most, no pieces."""
    texts = {f"w{number:02}": 3 for number in range(60)} | {"erika": 1, "zoë": 2, "the": 99}
    found = find_rare([*texts], texts)
    assert found[:3] == [
        {"word": "erika", "texts": 1}, {"word": "zoë", "texts": 2}, {"word": "w00", "texts": 3},
    ]  # fmt: skip
    assert len(found) == 50
    assert find_rare(["the", "  th"], texts | {"  th": 1}) == [{"word": "the", "texts": 99}]
