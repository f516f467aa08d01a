"""Node's trainer makes what Python's steps make, of whatever table: the same rows and bytes."""

import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import COMMON, ROOT, TOPICS
from nasty_texts import NASTY
from trainers import compare, make_in_node, make_in_python, settle, train_in_python

from provender import files

ROWS = 260

# Labels whose order differs between UTF-16 and code points, or in white space.
LABELS = {"bread": " bread ", "chess": "\uffee chess", "tides": "😀 tides"}

SCRIPTS = ["東京都の天気", "ภาษาไทยง่าย", "한국어 문장", "Straße ΟΔΥΣΣΕΎΣ", "e\u0301cole İstanbul"]
# Of which units of UTF-16 have another order than code points.
SCRIPTS += ["𐐨𐐩 ａｂ"]

# All that a source may say of the table that make_table makes.
SOURCE = {"kind": "sqlite", "table": "posts", "text": "body", "label": "topic"}

CASES: dict[str, dict[str, Any]] = {
    "nothing set": {},
    "numbers": {
        "source": {"split": "year"},
        "split": {"threshold": 1994.5, "validation_by": "place"},
    },
    "dates": {
        "source": {"split": "day"},
        "split": {"threshold": "2024-03-01", "validation_by": "day"},
    },
    "moments": {
        "source": {"split": "moment"},
        "split": {"threshold": "2024-03-01T12:30:00.25+02:00", "validation_by": "rowid"},
    },
    "names": {"source": {"split": "part"}},
    "several labels": {
        "source": {
            "label": "tags",
            "label_separator": ";",
            "rename_labels": {"tides": "sea"},
            "min_posts": 20,
            "rare_labels": "other",
        }
    },
    "few labels": {"source": {"labels": ["bread", "😀 tides"]}},
    "newsgroups": {
        "source": {"text": "post"},
        "text": {
            "strip": ["headers", "footers", "quotes"],
            "augment": [["headers_but_subject", "quotes"], ["footers"], []],
        },
    },
    "words alone": {
        "text": {"grams": {"words": [], "pairs": False, "sizes": []}},
        "vocabulary": {"size": 90, "min_count": 1},
    },
    "Turkish": {
        "text": {"language": "tr", "marks": "remove", "grams": {"words": [3], "sizes": [2]}},
        "model": {"max_words": 11},
    },
    "other scripts": {
        "text": {"language": "az", "grams": {"scripts": ["Thai", "Hangul", "Tibetan"]}},
        "vocabulary": {"size": 300, "piece_min_count": 2, "exclude": "names.txt"},
    },
}

# How models are trained and shipped, by the same table.
TRAININGS: dict[str, dict[str, Any]] = {
    "auto": {},
    "large": {"budget_kb": 4000, "share": 0.25, "power": 1, "idf_power": 0.5, "seed": 4294967295},
    "small": {"budget_kb": 4, "share": 0, "cost": 0.1, "epochs": 1, "seed": 0},
    "smallest": {"budget_kb": 0.1, "share": 1, "sure_accuracy": 0.999},
}

PROVES = (
    "web/train/*",
    "web/src/text.js",
    "web/package-lock.json",
    "src/provender/model/*.py",
    "src/provender/splits/*.py",
    "src/provender/text/*.py",
    "scripts/train_model.py",
    "scripts/convert_layers.py",
    "requirements.lock",
)


def make_table(path: Path, seed: int) -> Path:
    """Write a table with what tables have: blanks, copies, numbers as texts, all scripts."""
    chance = random.Random(seed)
    rows = []
    for number in range(ROWS):
        topic = chance.choice(sorted(TOPICS))
        about = topic if chance.random() < 0.9 else chance.choice(sorted(TOPICS))
        words = chance.choices(TOPICS[about].split(), k=3) + chance.choices(COMMON.split(), k=9)
        words += ["".join(chance.choices(NASTY, k=4)), str(chance.randrange(10**7))]
        words += chance.choices(SCRIPTS, k=1) if chance.random() < 0.3 else []
        chance.shuffle(words)
        body: Any = chance.choice([" ", "  ", ". ", "\t"]).join(words)
        body = chance.choice([body] * 20 + [None, "", " \x1c\x85\u3000", 12.5, body.encode()])
        if rows and chance.random() < 0.1:
            body = str(chance.choice(rows)[1]).swapcase() + "!"
        label = chance.choice([LABELS[topic]] * 30 + [None, "  "])
        tags = ";".join(chance.choices([topic, *sorted(TOPICS), "rare"], k=chance.randint(1, 3)))
        year = chance.choice([chance.randint(1985, 1999), 1994.75, "1990", " 1.998e3 ", None])
        day = f"2024-0{chance.randint(1, 4)}-{chance.randint(10, 28)}"
        moment = f"{day}T{chance.randint(10, 23)}:15:00.{chance.randint(0, 999999):06}"
        moment += chance.choice(["", "Z", "+05:30", "-0800"])
        part = chance.choice(["train", "Training ", "DEV", "val", "test", "testing"])
        place = chance.choice([number, -1.5, None, "10", "later", 2**60 + number])
        post = f"From: {topic}\nSubject: Re: {words[0]}\n\nIn article 5 she wrote:\n> {words[1]}\n"
        post += f"{' '.join(words)}\n{chance.choice(['--', '', 'end'])}\n-{topic}-\n"
        # Row ids with gaps, as tables have from which rows were deleted, and beyond 2^53.
        rowid = 3 * number + (2**53 + 1 if number > ROWS - 50 else 0)
        rows.append((rowid, body, label, tags, year, day, moment, part, place, post))
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE posts (body, topic TEXT, tags TEXT, year, day TEXT, moment TEXT, "
            "part TEXT, place, post TEXT)"
        )
        columns = "rowid, body, topic, tags, year, day, moment, part, place, post"
        marks = ", ".join("?" * 10)
        database.executemany(f"INSERT INTO posts ({columns}) VALUES ({marks})", rows)
    database.close()
    return path


def configured(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """Return a case's configuration of a table in ``folder``, with the defaults."""
    own = {"name": "any", "title": "any", **case}
    own["source"] = {**SOURCE, "path": str(folder / "table.sqlite"), **case.get("source", {})}
    if "exclude" in own.get("vocabulary", {}):
        path = folder / own["vocabulary"]["exclude"]
        path.write_text("Flour\nKING rook\r東京\u2028yeast", encoding="utf-8")
        own["vocabulary"] = {**own["vocabulary"], "exclude": str(path)}
    return settle(own)


@pytest.mark.parametrize("name", CASES)
def test_same_rows_words_and_ids(name: str, tmp_path: Path) -> None:
    """Of the user's table itself, and of the one that the workflow makes of it."""
    make_table(tmp_path / "table.sqlite", seed=sorted(CASES).index(name))
    settled = configured(tmp_path, CASES[name])
    data = make_in_python(tmp_path, settled)
    for source in (data / "source" / "news.sqlite", tmp_path / "table.sqlite"):
        made = make_in_node(tmp_path, settled, source)
        parts = compare(made, data, "--untrained")
        assert [part for part, same in parts.items() if not same] == []
        assert len(parts) == 11


@pytest.mark.proof(*PROVES)
@pytest.mark.parametrize("name", TRAININGS)
def test_same_model(name: str, tmp_path: Path) -> None:
    """What is chosen, what ships and its weights are the same bytes."""
    make_table(tmp_path / "table.sqlite", seed=50)
    settled = configured(tmp_path, {"model": TRAININGS[name]})
    data = make_in_python(tmp_path, settled)
    train_in_python(data, settled)
    assert_same(make_in_node(tmp_path, settled, tmp_path / "table.sqlite"), data)


@pytest.mark.proof(*PROVES)
def test_same_model_without_pairs(tmp_path: Path) -> None:
    """Nor do they differ in that pairs of words tell nothing: texts of few words, by stars."""
    chance = random.Random(7)
    good = ["great", "love", "happy", "works", "fine"]
    bad = ["broken", "poor", "waste", "awful", "sad"]
    other = ["the", "product", "was", "it", "and", "for", "with"]
    rows = []
    for _ in range(1200):
        stars = chance.randint(1, 5)
        words = [
            chance.choice(good if chance.random() < (stars - 1) / 4 else bad)
            if chance.random() < 0.4
            else chance.choice(other)
            for _ in range(chance.randint(3, 25))
        ]
        rows.append((" ".join(words), str(stars)))
    write_posts(tmp_path / "table.sqlite", rows)
    settled = configured(tmp_path, {})
    data = make_in_python(tmp_path, settled)
    train_in_python(data, settled)
    assert files.read_json(data / "model" / "choice.json")["pairs"]["kept"] is False
    words = files.read_json(data / "vocabulary" / "vocabulary.json")
    assert not [word for word in words if " " in word.strip()]
    assert_same(make_in_node(tmp_path, settled, tmp_path / "table.sqlite"), data)


@pytest.mark.proof(*PROVES)
def test_same_model_of_noisy_labels(tmp_path: Path) -> None:
    """Nor in that errors cost less: a third of the labels are drawn."""
    chance = random.Random(5)
    rows = []
    for number in range(900):
        topic = number % 3
        about = [topic if chance.random() < 0.35 else chance.randrange(3) for _ in range(12)]
        words = [f"w{3 * chance.randrange(100) + each}" for each in about]
        rows.append((" ".join(words), str(topic if chance.random() > 0.3 else chance.randrange(3))))
    write_posts(tmp_path / "table.sqlite", rows)
    settled = configured(tmp_path, {"model": {"share": 0}})
    data = make_in_python(tmp_path, settled)
    train_in_python(data, settled)
    assert files.read_json(data / "model" / "choice.json")["cost"] == 0.25
    assert_same(make_in_node(tmp_path, settled, tmp_path / "table.sqlite"), data)


def write_posts(path: Path, rows: list[tuple[str, str]]) -> None:
    """Write a table of texts with a label each."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE posts (body TEXT, topic TEXT)")
        database.executemany("INSERT INTO posts VALUES (?, ?)", rows)
    database.close()


# The table's texts have some 8,000 features to learn from, and 900 to validate.
MOST_FEATURES = 1500


@pytest.mark.proof(*PROVES)
@pytest.mark.parametrize("name", ["whole", "augmented"])
def test_same_model_in_blocks(name: str, tmp_path: Path) -> None:
    """So are those of a table that is learnt from in blocks, with what was made of its texts."""
    make_table(tmp_path / "table.sqlite", seed=51)
    case = CASES["newsgroups"] if name == "augmented" else {}
    settled = configured(tmp_path, {**case, "model": {"epochs": 2}})
    data = make_in_python(tmp_path, settled)
    train_in_python(data, settled, MOST_FEATURES)
    # The same trainer, with another limit.
    web = tmp_path / "web"
    shutil.copytree(ROOT / "web" / "train", web / "train")
    for own in ("src", "node_modules", "package.json", "topology.js", "build.js"):
        (web / own).symlink_to(ROOT / "web" / own)
    for own in ("workflow", "config"):
        (tmp_path / own).symlink_to(ROOT / own)
    limit = web / "train" / "blocks.js"
    text = limit.read_text(encoding="utf-8")
    assert text.count("MOST_FEATURES = 1 << 24") == 1
    limit.write_text(text.replace("1 << 24", str(MOST_FEATURES)), encoding="utf-8")
    assert_same(make_in_node(tmp_path, settled, tmp_path / "table.sqlite", web), data)
    validated = pq.read_metadata(data / "model" / "validation.parquet").num_rows
    assert validated < pq.read_metadata(data / "features" / "validation.parquet").num_rows


def assert_same(made: Path, data: Path) -> None:
    """Compare what Node made with what Python made."""
    for own, theirs in {
        "choice.json": "model/choice.json",
        "vocabulary.json": "vocabulary/vocabulary.json",
        "history.csv": "model/history.csv",
        "sizes.csv": "reports/sizes.csv",
        "tfjs/layers/group1-shard1of1.bin": "tfjs/layers/group1-shard1of1.bin",
    }.items():
        assert (made / own).read_bytes() == (data / theirs).read_bytes(), own
    manifests = [files.read_json(f / "tfjs" / "layers" / "model.json") for f in (made, data)]
    assert manifests[0]["weightsManifest"] == manifests[1]["weightsManifest"]
