"""Build a model of each table of the bench as it comes, beside tuned peers, and write a table.

For each table: rows and labels, the digest of its rows, recall@1 with its 95 % interval as it comes
and without a budget of bytes, bytes, the seconds of training, the best peer by parts of the
training rows, and the best on the test part, which nobody could have known; the seconds of all
peers and of the support vector machines among them; recall@1 without a budget of words alone, with
pairs and with pieces; and recall@1 of the validation split by bytes. Seconds are a processor's.
"""

import argparse
import csv
import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import project
import tables
from figures import replace_table

from provender import console, files
from provender.errors import UserError
from provender.running import step

# Where make bench-tables installs the peers.
PACKAGES = project.ROOT / ".venv" / "bench-packages"

# In kB: more than any model takes.
NO_BUDGET = 20_000

# What is read besides words; with both it is as it comes.
FEATURES: dict[str, dict[str, object]] = {
    "words": {"pairs": False, "words": []},
    "and_pairs": {"words": []},
    "and_pieces": {"pairs": False},
}

# In kB: the curve of bytes against recall@1 has a point at each.
LIMITS = (10, 25, 50, 100, 250, 500, 1000)

COLUMNS = (
    "table", "tuned", "rows", "labels", "sha256", "recall", "low", "high", "kB", "seconds",
    "unlimited", "unlimited_kB", "peer", "peer_recall", "peer_seconds", "svm_seconds",
    "best_peer", "best_recall", *FEATURES, *(f"validation_{limit}_kB" for limit in LIMITS),
)  # fmt: skip


def processor_seconds() -> float:
    """Return what the programs that ended have taken of processors so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build(
    folder: Path, database: Path, budget: int | None, grams: dict[str, object] | None = None
) -> dict:
    """Build a table's model in a copy of the project; return metrics, with the seconds of training.

    ``budget``: in kB; None leaves it to the project. ``grams``: what is not as it comes.
    """
    source = {
        "kind": "sqlite", "path": str(database), "table": "posts", "text": "text",
        "label": "label", "split": "part",
    }  # fmt: skip
    overlay = {
        "name": "table", "title": "table", "source": source,
        "split": {"threshold": tables.PARTS - 1},
        "text": {"grams": grams or {}},
        "model": {} if budget is None else {"budget_kb": budget},
    }  # fmt: skip
    files.write_json(folder / "table.json", overlay)
    # Last, since it takes what follows for files, too.
    overlay_file = ["--configfile", "table.json"]
    project.run(folder, [*project.workflow(2), "--until", "encode_posts", *overlay_file])
    begun = processor_seconds()
    project.run(folder, [*project.workflow(2), "--until", "train_model", *overlay_file])
    seconds = processor_seconds() - begun
    project.run(folder, [*project.workflow(2), "data/reports/metrics.json", *overlay_file])
    metrics = json.loads((folder / "data/reports/metrics.json").read_text("utf-8"))
    return {**metrics, "seconds": seconds}


def curve(sizes: list[dict[str, float]]) -> list[str]:
    """Return recall@1 of the validation split at each of ``LIMITS``: that of the least loss."""
    found = []
    for limit in LIMITS:
        small = [each for each in sizes if each["bytes"] <= 1000 * limit]
        best = min(small, key=lambda each: each["loss"], default=None)
        found.append(f"{best['recall@1']:.4f}" if best else "")
    return found


def measure_peers(database: Path) -> dict[str, dict[str, float]]:
    """Return the peers' figures by their names."""
    environment = project.environment(project.ROOT)
    environment["PYTHONPATH"] += f":{PACKAGES}"
    script = Path(__file__).with_name("table_peers.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(database)],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def measure(name: str, places: tables.Places, work: Path) -> list[object]:
    """Return a table's row of figures."""
    table = tables.TABLES[name]
    rows = tables.rows_of(table, places)
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    database = (work / f"{name}.sqlite").resolve()
    tables.write(rows, database)
    labels = len({label for _, label, _ in rows})
    learnt = sum(part < tables.PARTS - 1 for _, _, part in rows)
    project.copy_tree(work / name, places.archive.resolve())
    ours, free = (build(work / name, database, budget) for budget in (None, NO_BUDGET))
    features = [build(work / name, database, NO_BUDGET, grams) for grams in FEATURES.values()]
    peers = measure_peers(database)
    # As a user would choose it, and as nobody could.
    chosen = max(peers, key=lambda peer: peers[peer]["parts"])
    best = max(peers, key=lambda peer: peers[peer]["recall"])
    test = ours["test"]
    return [
        name, int(table.tuned), learnt, labels, digest[:12], f"{test['recall@1']:.4f}",
        *(f"{end:.4f}" for end in test["intervals"]["recall@1"]),
        round(ours["choice"]["bytes"] / 1000), round(ours["seconds"]),
        f"{free['test']['recall@1']:.4f}", round(free["choice"]["bytes"] / 1000),
        chosen, f"{peers[chosen]['recall']:.4f}",
        round(sum(each["seconds"] for each in peers.values())),
        round(sum(each["seconds"] for peer, each in peers.items() if "SVC" in peer)),
        best, f"{peers[best]['recall']:.4f}",
        *(f"{each['test']['recall@1']:.4f}" for each in features), *curve(free["sizes"]),
    ]  # fmt: skip


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return what was measured before, by table; nothing where there is no such file."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["table"]: row for row in csv.DictReader(file)}


def format_tables(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the document's tables, in Markdown."""
    found = list(rows)
    lines = []
    for tuned, said in (("1", "Training was chosen by these:"), ("0", "And not by these:")):
        head = ["table", "training rows, labels", "as it comes", "no budget", "peer", "best peer"]
        own = [row for row in found if row["tuned"] == tuned]
        lines += [said, "", *_markdown(head, map(_figures, own)), ""]
    head = ["table", "words", "and pairs", "words and pieces", "all"]
    brought = [[row[each] for each in ("table", *FEATURES, "unlimited")] for row in found]
    lines += ["What pairs of words and pieces of words bring, without a budget of bytes:", ""]
    lines += [*_markdown(head, brought), ""]
    lines += ["On the validation split, by bytes (the least loss within so many):", ""]
    head = ["table", *(f"{limit:,} kB" for limit in LIMITS)]
    by_bytes = [
        [row["table"], *(row[f"validation_{limit}_kB"] for limit in LIMITS)] for row in found
    ]
    return [*lines, *_markdown(head, by_bytes)]


def _figures(row: Mapping[str, str]) -> list[str]:
    ahead = "**" if float(row["peer_recall"]) > float(row["recall"]) else ""
    return [
        row["table"],
        f"{int(row['rows']):,}, {row['labels']}",
        f"{row['recall']} ({row['low']}–{row['high']}), {row['kB']} kB, {row['seconds']} s",
        f"{row['unlimited']}, {int(row['unlimited_kB']):,} kB",
        f"{ahead}{row['peer_recall']}{ahead}, {row['peer']}, {row['svm_seconds']} s",
        f"{row['best_recall']}, {row['best_peer']}",
    ]


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines; shares have no digit before the point."""
    cells = [[re.sub(r"\b0\.", ".", cell) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--archive", type=Path, help="newsgroups archive (default: as configured)")
    parser.add_argument("--folder", type=Path, default=project.ROOT / ".venv" / "bench-tables")
    parser.add_argument(
        "--output", type=Path, required=True, help="CSV file: the rows of other tables stay"
    )
    parser.add_argument("--document", type=Path, help="Markdown file whose tables are made anew")
    parser.add_argument(
        "tables", nargs="*", metavar="TABLE", help=f"{', '.join(tables.TABLES)} (default: all)"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    """Measure table by table; what is written grows with each."""
    for name in options.tables:
        if name not in tables.TABLES:
            raise UserError(f"{name} is no table: there are {', '.join(tables.TABLES)}")
    if options.document:
        # Said before hours are spent.
        replace_table(options.document.read_text(encoding="utf-8"), "tables", [])
    places = tables.fetch(options.folder, project.find_archive(options.archive))
    found = read(options.output)
    for name in options.tables or tables.TABLES:
        console.log.info("%s", name)
        with tempfile.TemporaryDirectory(prefix="provender-bench-") as work:
            row = map(str, measure(name, places, Path(work)))
        found[name] = dict(zip(COLUMNS, row, strict=True))
        rows = [found[name] for name in tables.TABLES if name in found]
        content = files.format_csv(list(COLUMNS), [[row[each] for each in COLUMNS] for row in rows])
        files.write_text(options.output, content)
        if options.document:
            text = options.document.read_text(encoding="utf-8")
            files.write_text(options.document, replace_table(text, "tables", format_tables(rows)))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
