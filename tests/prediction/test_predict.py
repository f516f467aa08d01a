"""provender predict: the page's answers without a page."""

import csv
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from databases import make_table

from provender import files
from provender.bundle.constants import front_code, front_decode
from provender.errors import UserError
from provender.prediction import answers, bundles

COMMAND = [sys.executable, "-c", "import sys; from provender.command import main; sys.exit(main())"]


def run_command(
    *words: str | Path, code: int = 0, given: str | None = None
) -> subprocess.CompletedProcess:
    """Run provender; return what it did."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)],
        check=False, capture_output=True, text=True, input=given or "", encoding="utf-8", cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def predict(
    bundle: Path, *arguments: str | Path, code: int = 0, given: str | None = None
) -> subprocess.CompletedProcess:
    """Answer by a bundle; return what the command did."""
    return run_command("predict", "--model", bundle, *arguments, code=code, given=given)


@pytest.mark.parametrize(
    "words", [[], ["a"], ["", "a", "ab", "abc", "b"], ["x" * 99, "x" * 98 + "y"], ["ı𐐀", "ı𐐁", "ı"]]
)
def test_words_are_unpacked(words: list[str]) -> None:
    """What is packed for the page comes back, with characters of two units."""
    assert front_decode(front_code(words)) == words


def test_a_text(small_bundle: Path) -> None:
    """A terminal gets the labels in columns and what is known."""
    said = predict(small_bundle, "Flour and yeast rise; the loaf has a crust.").stdout.splitlines()
    assert said[0].startswith("bread ")
    assert {line.split()[0] for line in said[:3]} == {"bread", "chess", "tides"}
    assert 0.5 < float(said[0].split()[1]) <= 1
    assert said[3].endswith("words are known")
    assert predict(small_bundle, "").stdout == "no answer: 0 of 0 words are known\n"
    assert len(predict(small_bundle, "flour", "--top", "1").stdout.splitlines()) == 2


def test_lines(small_bundle: Path) -> None:
    """Each line of standard input is a text; answers come as CSV."""
    done = predict(small_bundle, "--top", "2", given="flour dough\n\nking, queen\n")
    header, *rows = csv.reader(done.stdout.splitlines())
    columns = ["row", "label", "score", "label_2", "score_2", "sure", "other", "known", "read"]
    assert header == columns
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("1", "bread", "2"), ("2", "", "0"), ("3", "chess", "3"),
    ]  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("end", ["csv", "jsonl", "parquet"])
def test_tables(small_bundle: Path, tmp_path: Path, end: str) -> None:
    """A database's rows come with their ids and what is kept of them, in any format."""
    rows = [("flour and dough", 7.5, 1), (None, None, 2), ("moon and ebb", "x", 3)]
    database = make_table(tmp_path / "posts.db", rows, "body, topic, year")
    target = tmp_path / f"out.{end}"
    options = ("--from", database, "--column", "BODY", "--keep", "topic", "--to", target)
    assert predict(small_bundle, *options).stdout == f"3 texts answered: {target}\n"
    if end == "csv":
        found = list(csv.DictReader(target.read_text("utf-8").splitlines()))
    elif end == "jsonl":
        found = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    else:
        found = pq.read_table(target).to_pylist()
    assert [int(row["row"]) for row in found] == [1, 2, 3]
    assert [row["label"] or None for row in found] == ["bread", None, "tides"]
    assert [str(row["topic"] or "") for row in found] == ["7.5", "", "x"]
    expected = answers.Answerer(bundles.read(small_bundle)).answer(["flour and dough"], 1)[0]
    assert np.float32(found[0]["score"]) == expected.labels[0][1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([target.name, "posts.db"])


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.csv", "text,x\nflour,1\n", ["--column", "body"], "--column names the column body, but"),
        ("a.csv", "text,x\nflour\n", [], "cannot be used: 1 row: not 2 columns as in the first"),
        ("a.xlsx", "", [], "has no ending that tells what it holds: .csv, .tsv"),
        ("a.csv", "text\nflour\n", ["--to", "out.txt"], "ends in none of .csv, .jsonl, .parquet"),
        ("a.csv", "text\n", ["--to", "out.parquet"], "there is no text to answer"),
    ],
)
def test_what_can_not_be_read(
    small_bundle: Path, tmp_path: Path, name: str, content: str, options: list[str], said: str
) -> None:
    """One line says what to mend, and no file is left."""
    (tmp_path / name).write_text(content, "utf-8")
    options = [str(tmp_path / each) if each.startswith("out") else each for each in options]
    done = predict(small_bundle, "--from", tmp_path / name, *options, code=1)
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_several_tables(small_bundle: Path, tmp_path: Path) -> None:
    """Of a database that has more than one, one is to be named."""
    database = make_table(tmp_path / "posts.db", [("flour",)], "text")
    make_table(database, [("ebb",)], "text", "other")
    done = predict(small_bundle, "--from", database, code=1)
    assert "has other, posts: name one of them as --table" in done.stderr
    done = predict(small_bundle, "--from", database, "--table", "other")
    assert done.stdout.splitlines()[1].startswith("1,tides,")


def test_options_that_do_not_fit(small_bundle: Path) -> None:
    """The message says which to leave out."""
    said = predict(small_bundle, "flour", "--from", "x.csv", code=1).stderr
    assert "there is a text and --from: leave out one of them" in said
    said = predict(small_bundle, "--from", "none.csv", code=1).stderr
    assert "--from names none.csv, which is not there" in said
    assert "--keep is of a table" in predict(small_bundle, "flour", "--keep", "x", code=1).stderr


def test_who_reads_may_stop(small_bundle: Path, tmp_path: Path) -> None:
    """As head does."""
    lines = "".join(f"flour {number}\n" for number in range(20_000))
    (tmp_path / "lines.txt").write_text(lines, "utf-8")
    with (
        (tmp_path / "lines.txt").open("rb") as given,
        subprocess.Popen(
            [*COMMAND, "predict", "--model", small_bundle],
            stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        ) as process,
    ):  # fmt: skip
        assert process.stdout and process.stderr
        assert process.stdout.readline().startswith("row,label,score")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_an_archive(small_bundle: Path, tmp_path: Path) -> None:
    """A release's archive answers as the bundle in it."""
    with tarfile.open(tmp_path / "small-0.1.0.tar.gz", "w:gz") as packed:
        packed.add(small_bundle, "small-0.1.0/bundle")
    one, other = bundles.read(small_bundle), bundles.read(tmp_path / "small-0.1.0.tar.gz")
    assert one.words == other.words
    assert np.array_equal(one.table, other.table)


def test_what_is_no_bundle(small_bundle: Path, tmp_path: Path) -> None:
    """The message says what is named, and what to name."""
    with pytest.raises(UserError, match="there is no bundle"):
        bundles.read(tmp_path / "none")
    with pytest.raises(UserError, match="so it is no bundle: name dist/bundle, or a release"):
        bundles.read(tmp_path)
    (tmp_path / "a.tar").write_bytes(b"x" * 99)
    with pytest.raises(UserError, match=r"is no bundle's folder and no archive"):
        bundles.read(tmp_path / "a.tar")
    with tarfile.open(tmp_path / "b.tar", "w") as packed:
        packed.add(small_bundle / "constants.json", "x/constants.json")
    with pytest.raises(UserError, match="holds no bundle"):
        bundles.read(tmp_path / "b.tar")
    copy = shutil.copytree(small_bundle, tmp_path / "copy")
    constants = files.read_json(copy / "constants.json")
    files.write_json(copy / "constants.json", {**constants, "format": 1})
    with pytest.raises(UserError, match=r"has format 1; this edition of provender reads format \d"):
        bundles.read(copy)
    files.write_json(copy / "constants.json", {**constants, "words": front_code(["a"])})
    with pytest.raises(UserError, match=r"are not of one model, or damaged"):
        bundles.read(copy)
