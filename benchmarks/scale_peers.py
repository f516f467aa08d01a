"""What a user would write instead, at a size: time, memory and recall@1 beside the whole workflow.

Two programs, each as its documentation has it: pandas with Keras' TextVectorization, an embedding
bag and a dense layer; and scikit-learn's HashingVectorizer with SGDClassifier.partial_fit, which
never holds more than a batch. Both read the same SQLite file, train on the same rows and are asked
the same ones. The workflow does more besides: it checks the table, drops copies, chooses a size,
converts, compares and packs what runs in a browser.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import make_posts
import memory
import project
import scale
import yaml
from figures import replace_table

from provender import console, files
from provender.errors import UserError
from provender.reproduction import clone
from provender.running import costs, step

PACKAGES = project.ROOT / ".venv" / "bench-packages"

# Rows of the test split are of these years and later, as in scale.CONFIG.
THRESHOLD = scale.CONFIG["split"]["threshold"]

# Of both peers, after what did best at 10,000 posts.
WORDS, WIDTH, LENGTH, EPOCHS, BATCH = 50_000, 64, 400, 3, 256
FEATURES, ALPHA, PASSES, ROWS = 2**20, 1e-6, 3, 5_000

QUERY = "SELECT body, topic FROM posts WHERE (year >= ?) = ? ORDER BY rowid"


def with_keras(path: str) -> float:
    """Return the recall@1 of the table that pandas reads and Keras learns from."""
    import numpy as np
    import pandas as pd
    import tensorflow as tf
    import tf_keras as keras

    keras.utils.set_random_seed(1)
    database = sqlite3.connect(path)
    train, test = (pd.read_sql(QUERY, database, params=(THRESHOLD, part)) for part in (0, 1))
    labels = sorted(train["topic"].unique())
    words = keras.layers.TextVectorization(max_tokens=WORDS, output_sequence_length=LENGTH)

    def dataset(rows: pd.DataFrame) -> tf.data.Dataset:
        truth = pd.Categorical(rows["topic"], labels).codes.astype("int32")
        found = tf.data.Dataset.from_tensor_slices((rows["body"].to_numpy(object), truth))
        return found

    bodies = dataset(train).map(lambda text, _: text).batch(1024)
    words.adapt(bodies)
    model = keras.Sequential(
        [
            keras.layers.Embedding(WORDS, WIDTH, mask_zero=True),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(len(labels), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")

    def batches(rows: pd.DataFrame) -> tf.data.Dataset:
        ids = dataset(rows).batch(BATCH).map(lambda text, truth: (words(text), truth))
        return ids.prefetch(tf.data.AUTOTUNE)

    model.fit(batches(train), epochs=EPOCHS, verbose=0)
    answers = model.predict(batches(test), verbose=0).argmax(axis=1)
    return float((np.array(labels)[answers] == test["topic"].to_numpy()).mean())


def with_sklearn(path: str) -> float:
    """Return the recall@1 of hashed words, read and learnt from in batches."""
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    database = sqlite3.connect(path)
    labels = [label for (label,) in database.execute("SELECT DISTINCT topic FROM posts ORDER BY 1")]
    hashed = HashingVectorizer(n_features=FEATURES, alternate_sign=False)
    model = SGDClassifier(loss="log_loss", alpha=ALPHA, random_state=0)

    def batches(part: int) -> Iterator[tuple[list[str], list[str]]]:
        rows = database.execute(QUERY, (THRESHOLD, part))
        while found := rows.fetchmany(ROWS):
            yield [text for text, _ in found], [label for _, label in found]

    for _ in range(PASSES):
        for texts, truth in batches(0):
            model.partial_fit(hashed.transform(texts), truth, classes=labels)
    right = [model.predict(hashed.transform(texts)) == truth for texts, truth in batches(1)]
    return float(np.concatenate(right).mean())


PEERS = {"keras": with_keras, "sklearn": with_sklearn}
NAMES = {
    "workflow": "the whole workflow",
    "keras": "pandas + Keras TextVectorization",
    "sklearn": "HashingVectorizer + SGDClassifier.partial_fit",
}


def measure(work: Path, source: Path, posts: int) -> Iterator[tuple[str, float, float, str]]:
    """Yield each one's name, seconds, megabytes at most, and recall@1, or how it failed."""
    folder = clone.copy_tree(project.ROOT, work / "project")
    rows = make_posts.make_posts(make_posts.read_lines(source), posts, 1)
    make_posts.write_table(folder / "posts.sqlite", rows)
    (folder / "scale.yaml").write_text(yaml.safe_dump(scale.CONFIG), encoding="utf-8")
    ours = [*project.workflow(scale.CORES), "--configfile", "scale.yaml"]
    own = [sys.executable, str(Path(__file__).resolve()), "--peer"]
    for name, words in {
        "workflow": ours, **{peer: [*own, peer, "posts.sqlite"] for peer in PEERS}
    }.items():  # fmt: skip
        console.log.info("%s posts: %s", f"{posts:,}", NAMES[name])
        begun = time.perf_counter()
        try:
            peak = memory.measure_command(folder, words)
        except UserError as error:
            yield NAMES[name], time.perf_counter() - begun, 0, str(error).splitlines()[0]
            continue
        seconds = time.perf_counter() - begun
        if name == "workflow":
            recall = files.read_json(folder / "data/reports/metrics.json")["test"]["recall@1"]
        else:
            recall = float((folder / "memory.log").read_text(encoding="utf-8").split()[-1])
        yield NAMES[name], seconds, max(peak.largest_process, peak.tree) / 1e6, f"{recall:.4f}"


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="posts (default: 100,000)")
    parser.add_argument(
        "--source", type=Path, default=costs.SOURCE, help="table whose lines posts are made of"
    )
    parser.add_argument("--work", type=Path, help="folder to work in (default: a temporary one)")
    parser.add_argument(
        "--document", type=Path, default=scale.DOCUMENT, help="Markdown file to change"
    )
    parser.add_argument(
        "--peer", nargs=2, metavar=("NAME", "FILE"), help="run one peer alone, and print its recall"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    """Measure, and put the table into the document."""
    if options.peer:
        sys.path.append(str(PACKAGES))
        name, path = options.peer
        print(PEERS[name](path))
        return
    if not options.source.is_file():
        raise UserError(f"{options.source} is no file: run make first, or name one by --source")
    replace_table(options.document.read_text(encoding="utf-8"), "peers", [])
    lines = [f"| {options.rows:,} posts | seconds | memory | recall@1 |", "|---|--:|--:|--:|"]
    with tempfile.TemporaryDirectory(prefix="provender-scale-", dir=options.work) as folder:
        for name, seconds, megabytes, recall in measure(
            Path(folder), options.source.resolve(), options.rows
        ):
            lines.append(f"| {name} | {seconds:.0f} | {scale.size(megabytes)} | {recall} |")
    text = options.document.read_text(encoding="utf-8")
    files.write_text(options.document, replace_table(text, "peers", lines))
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main, receipts=False))
