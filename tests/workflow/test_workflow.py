"""The real workflow on a small corpus: what it makes, what it reruns, how it fails."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import SMALL_CONFIG, Project, make_posts, write_database

from provender import INTERRUPTED, config
from provender.files import read_json, sha256

# Seconds for a step to start; a build of the small corpus takes some 20.
START_SECONDS = 120

TEST_POSTS = sum(year >= SMALL_CONFIG["split"]["threshold"] for _, _, year in make_posts())

# In running order: a step is done again after those that it depends on.
STEPS = [
    "fetch_source",
    "compile_recipe",
    "split_posts",
    "build_vocabulary",
    "encode_posts",
    "train_model",
    "evaluate_model",
    "verify_parity",
    "assemble_bundle",
    "pack_npm",
]


def digests(project: Project) -> dict[str, str]:
    """Return the digest of each file that a build wrote."""
    files = [p for top in ("data", "dist") for p in (project.folder / top).rglob("*")]
    return {str(p.relative_to(project.folder)): sha256(p) for p in files if p.is_file()}


def planned(project: Project) -> list[str]:
    """Return the steps that Snakemake would run now, with the number of their jobs."""
    output = project.snakemake("--dry-run").stdout
    if "Nothing to be done" in output:
        return []
    rows = output.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return [row.split()[0] for row in rows if row.strip() and row.split()[0] != "all"]


def test_every_file_is_an_output(small_build: Project) -> None:
    """Each file of a build is named by a rule, so that none can change unnoticed."""
    summary = small_build.snakemake("--detailed-summary").stdout.splitlines()
    named = {line.split("\t")[0] for line in summary if line.startswith(("data/", "dist/"))}
    assert named == set(digests(small_build))


def test_manifest(small_bundle: Path) -> None:
    """The manifest lists each file of the bundle but itself, with size and digest."""
    manifest = json.loads((small_bundle / "manifest.json").read_text())
    files = [p for p in small_bundle.rglob("*") if p.is_file() and p.name != "manifest.json"]
    assert manifest["files"] == {
        p.relative_to(small_bundle).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256(p)}
        for p in files
    }


def test_metrics_are_those_of_the_predictions(small_build: Project) -> None:
    """metrics.json agrees with counting hits in the stored predictions."""
    reports = small_build.folder / "data" / "reports"
    metrics = json.loads((reports / "metrics.json").read_text())["test"]
    predictions = pq.read_table(reports / "predictions.parquet")
    scores = np.array(predictions["scores"].to_pylist())
    truth = predictions["label"].to_numpy()
    assert metrics["posts"] == len(truth) == TEST_POSTS
    assert metrics["recall@1"] == np.mean(scores.argmax(axis=1) == truth)
    assert 0.6 < metrics["recall@1"] < 1
    # Of three labels, all others are 1.
    assert [name for name in metrics if name.startswith("recall@")] == ["recall@1"]
    confusion = (reports / "confusion.csv").read_text().splitlines()
    assert confusion[0] == "label,bread,chess,tides"
    counts = np.array([[int(cell) for cell in row.split(",")[1:]] for row in confusion[1:]])
    assert counts.sum() == len(truth)
    assert np.trace(counts) / counts.sum() == metrics["recall@1"]


def test_npm_package_answers_as_the_bundle(small_build: Project, tmp_path: Path) -> None:
    """The installed package predicts what verify_parity's kernel did."""
    package = tmp_path / "node_modules" / "small-classifier"
    package.mkdir(parents=True)
    archive = small_build.folder / "dist" / "npm" / "small-classifier-0.1.0.tgz"
    subprocess.run(
        ["tar", "-xzf", archive, "-C", package, "--strip-components=1"], check=True, timeout=60
    )
    posts = pq.read_table(small_build.folder / "data/splits/test.parquet")["text"].to_pylist()
    (tmp_path / "posts.json").write_text(json.dumps(posts), encoding="utf-8")
    (tmp_path / "predict.cjs").write_text(
        'const { labels, predict } = require("small-classifier");\n'
        "const scores = (text) => new Map(predict(text, 3).map((p) => [p.label, p.score]));\n"
        'const posts = require("./posts.json").map(scores);\n'
        "console.log(JSON.stringify(posts.map((post) => labels.map((l) => post.get(l)))));\n"
    )
    done = small_build.run("node", tmp_path / "predict.cjs")
    expected = pq.read_table(small_build.folder / "data/reports/predictions.parquet")["scores"]
    difference = np.abs(np.array(json.loads(done.stdout)) - np.array(expected.to_pylist()))
    assert difference.shape == (TEST_POSTS, 3)
    assert difference.max() < 1e-5


def test_nothing_to_do(built_project: Project) -> None:
    """A second run does nothing, even where files look newer or config was edited and undone."""
    assert planned(built_project) == []
    os.utime(built_project.folder / "small.sqlite")
    os.utime(built_project.folder / "data/splits/train.parquet")
    os.utime(built_project.folder / "scripts/train_model.py")
    assert planned(built_project) == []


def test_other_shards_make_nothing_anew(built_project: Project) -> None:
    """What was made by one job is what more of them would make; an edit is shared out."""
    built_project.configure(shards=3)
    assert planned(built_project) == []
    script = built_project.folder / "scripts/encode_posts.py"
    script.write_text(script.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert {"encode_shard", "encode_posts"} <= set(planned(built_project))


def test_starts_without_pandas(small_build: Project, tmp_path: Path) -> None:
    """To plan a build Snakemake does not take the time to import it."""
    (tmp_path / "pandas.py").write_text("raise RuntimeError('imported')\n")
    path = f"{tmp_path}{os.pathsep}{small_build.folder / 'src'}"
    done = small_build.run(
        *("snakemake", "--dry-run", "--configfile", "small.yaml"), PYTHONPATH=path
    )
    assert "Nothing to be done" in done.stdout


# Runs Snakemake and prints how many jobs it chooses from each time, and when it plans to again.
TELLS_CHOICES = """
import atexit, sys
from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler
choose, choices = JobScheduler.job_selector, []
def told(self, jobs):
    choices.append(len(jobs))
    return choose(self, jobs)
JobScheduler.job_selector = told
JobScheduler._schedule_reevalutation = lambda self, delay: choices.append(f"in {delay} s")
atexit.register(lambda: print(choices))
main()
"""


def test_waits_for_a_free_core(small_project: Project) -> None:
    """While a job waits for a core, Snakemake does nothing, nor is there a limit but cores."""
    targets = ["data/vocabulary/text.json", "data/source/news.sqlite"]
    command = ["python", "-c", TELLS_CHOICES, *targets, "--configfile", "small.yaml"]
    for cores, choices in (("1", [2, 1]), ("2", [2])):
        done = small_project.run(*command, "--cores", cores, "--forceall")
        assert done.stdout.splitlines()[-1] == str(choices)


@pytest.mark.parametrize(
    ("path", "old", "new", "first"),
    [
        ("src/provender/text/recipe.py", 'b"N")', 'b"P")', "compile_recipe"),
        ("scripts/evaluate_model.py", "HARDEST_POSTS = 20", "HARDEST_POSTS = 9", "evaluate_model"),
        ("web/src/kernel.js", "softmax", "softmax ", "verify_parity"),
        ("config/text.yaml", "{1,60}", "{1,50}", "compile_recipe"),
        ("small.yaml", "epochs: 2", "epochs: 3", "train_model"),
        ("requirements.lock", "\n", "\n\n", "fetch_source"),
    ],
)
def test_what_reruns(built_project: Project, path: str, old: str, new: str, first: str) -> None:
    """A change of code, config or lock reruns the steps that depend on it, and no others."""
    file = built_project.folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    steps = planned(built_project)
    assert [step for step in STEPS if step in steps] == STEPS[STEPS.index(first) :]


def test_a_changed_database_is_noticed(built_project: Project) -> None:
    """New rows rerun everything."""
    database = built_project.folder / "small.sqlite"
    database.unlink()
    write_database(database, make_posts(seed=8))
    assert set(STEPS) - {"compile_recipe"} <= set(planned(built_project))


def test_a_mistake_is_told_plainly(small_project: Project) -> None:
    """A wrong column stops the build with one message and leaves no output of that step."""
    small_project.configure(source={"label": "topik"})
    done = small_project.snakemake(code=1)
    assert (
        "fetch_source: error: source.label names the column topik, but table posts has body, "
        "topic, year. Did you mean topic?" in done.stderr
    )
    assert "Traceback" not in done.stderr
    # What needs no database may have been made by then.
    made = {"data/vocabulary/text.json", "data/receipts/compile_recipe.json"}
    assert set(digests(small_project)) <= made
    small_project.configure()
    done = small_project.run("provender", "build", "--config", "none.yaml", code=1)
    assert done.stderr == "provender: error: there is no configuration file none.yaml\n"


def test_a_misspelt_key_is_refused_before_anything_runs(small_project: Project) -> None:
    """All faults of a configuration are named at once, with the nearest keys."""
    small_project.configure(source={"tabel": "posts"}, vocabulry={}, model={"epochs": 0})
    done = small_project.snakemake(code=1)
    assert "vocabulry is not a key: did you mean vocabulary?" in done.stderr
    assert "source.tabel is not a key: did you mean table?" in done.stderr
    assert "model.epochs: 0 is less than the minimum of 1" in done.stderr
    assert "Traceback" not in done.stderr and "Job stats" not in done.stderr + done.stdout


def test_nothing_may_be_stripped(small_project: Project) -> None:
    """An augmentation that removes no part of a post is one, too."""
    small_project.configure(text={"strip": ["quotes"], "augment": [[], ["footers"]]})
    split = "data/splits/train.parquet"
    small_project.run("snakemake", "--cores", "2", split, "--configfile", "small.yaml")
    report = read_json(small_project.folder / "data" / "reports" / "validation.json")
    used = sum(report["splits"][name]["posts"] for name in ("train", "validation"))
    assert report["augmented"]["posts"] == 2 * used


def test_another_build_in_the_same_folder(built_project: Project) -> None:
    """It is told in a line; nothing advises to remove a lock that somebody holds."""
    folder = built_project.folder / ".snakemake"
    for kind in ("input", "output"):
        path = folder / "locks" / f"0.{kind}.lock"
        path.parent.mkdir(exist_ok=True)
        path.write_text("data/reports/metrics.json\n", encoding="utf-8")
    with (folder / "provender" / "builds.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = built_project.snakemake("--forcerun", "evaluate_model", code=1)
    assert done.stderr.splitlines()[-1] == (
        "error: another build runs in this folder: let it end, or end it, and run again"
    )
    assert "Traceback" not in done.stderr and "unlock" not in done.stderr


def test_a_snakemake_of_another_environment(small_project: Project) -> None:
    """Where the project's own package is not installed, a line says so."""
    hide = "import sys; sys.path = [path for path in sys.path if not path.endswith('/src')]; "
    start = f"{hide}from snakemake.cli import main; main(['--cores', '1', '--dry-run'])"
    command = [sys.executable, "-c", start]
    done = subprocess.run(
        command,
        cwd=small_project.folder,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: this snakemake is not of the project's environment: run make, or make setup and "
        "then . .venv/bin/activate"
    )


def test_what_is_missing_is_made_again(built_project: Project) -> None:
    """A deleted file of any step is asked for, though what is made from it is there."""
    deleted = {
        "split_posts": "data/splits/test.parquet",
        "compile_recipe": "data/vocabulary/text.json",
        "build_vocabulary": "data/vocabulary/labels.json",
        "encode_posts": "data/features/train.parquet",
        "train_model": "data/model/model.h5",
        "convert_layers": "data/tfjs/layers/model.json",
        "convert_graph": "data/tfjs/graph/model.json",
        "measure_baselines": "data/receipts/measure_baselines.json",
        "evaluate_model": "data/reports/metrics.json",
        "verify_parity": "data/receipts/verify_parity.json",
        "assemble_bundle": "dist/bundle/sw.js",
        "pack_npm": "data/receipts/pack_npm.json",
        "render_report": "data/receipts/render_report.json",
    }
    (built_project.folder / "dist/bundle/vendor/tf.min.js").unlink()
    built_project.snakemake()
    for path in deleted.values():
        (built_project.folder / path).unlink()
    assert deleted.keys() <= set(planned(built_project))
    assert (built_project.folder / "dist/bundle/vendor/tf.min.js").exists()


def test_a_database_that_is_missing(built_project: Project) -> None:
    """What was read from one database is not built from under the name of another."""
    assert built_project.snakemake().returncode == 0
    (built_project.folder / "small.sqlite").rename(built_project.folder / "away.sqlite")
    # The build at hand may be used, as where it was fetched.
    assert "Nothing to be done" in built_project.snakemake().stderr
    for changes in ({"path": "contracts.sqlite"}, {"label": "body"}):
        built_project.configure(name="missing", source=changes)
        said = built_project.snakemake(code=1).stderr
        path = changes.get("path", "small.sqlite")
        assert f"error: source.path names {path}, which is no file." in said
    assert not list(built_project.folder.glob("dist/npm/missing*"))


def test_the_words_of_a_source(small_build: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those of the command that its step was run with."""
    monkeypatch.chdir(small_build.folder)
    settings = config.read(config.DEFAULT, "small.yaml")
    words = config.source_words(settings["source"], settings["split"])
    command = read_json("data/receipts/fetch_source.json")["command"]
    assert words[:3] == ["sqlite", "--path", "small.sqlite"]
    assert command[-len(words) :] == words


@pytest.mark.ci
def test_killed_and_run_again(small_project: Project, small_build: Project) -> None:
    """After kill -9 in the midst of training, the next run completes, to the same bytes."""
    log = small_project.folder / "logs" / "train_model.log"
    command = ["snakemake", "--cores", "2", "--configfile", "small.yaml"]
    with subprocess.Popen(
        command,
        cwd=small_project.folder,
        env=small_project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as build:
        deadline = time.monotonic() + START_SECONDS
        while not log.exists():
            assert build.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(build.pid, signal.SIGKILL)
    assert list(small_project.folder.glob(".snakemake/locks/*"))
    small_project.snakemake()
    assert digests(small_project) == digests(small_build)


@pytest.mark.ci
def test_interrupted_and_run_again(small_project: Project, small_build: Project) -> None:
    """After Ctrl-C in the midst of training, the next run completes, to the same bytes."""
    log = small_project.folder / "logs" / "train_model.log"
    with subprocess.Popen(
        ["provender", "build", "--cores", "2", "--config", "small.yaml"],
        cwd=small_project.folder,
        env=small_project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A terminal sends Ctrl-C to the whole group.
        start_new_session=True,
    ) as build:
        deadline = time.monotonic() + START_SECONDS
        while not log.exists():
            assert build.poll() is None and time.monotonic() < deadline, build.stdout.read()
            time.sleep(0.05)
        os.killpg(build.pid, signal.SIGINT)
        output = build.communicate(timeout=START_SECONDS)[0]
    assert build.returncode == 130
    assert "Traceback" not in output
    # The last line says how to go on.
    assert INTERRUPTED in output.splitlines()[-1]
    assert not (small_project.folder / "data/model/model.h5").exists()
    done = small_project.run("provender", "build", "--cores", "2", "--config", "small.yaml")
    assert "Done: dist/bundle/index.html" in done.stdout
    assert digests(small_project) == digests(small_build)
