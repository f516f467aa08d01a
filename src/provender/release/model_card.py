"""MODEL_CARD.md: what the model is, for people, and for Hugging Face's hub."""

import re
from pathlib import Path
from typing import Any

import jinja2
import yaml

from provender import config as configuration
from provender.model import levels
from provender.release.ready import Facts

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")

TASK = "text-classification"

# Licenses that the hub knows, as it writes them; any other is "other", with a name.
HUB_LICENSES = (
    "agpl-3.0",
    "apache-2.0",
    "artistic-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsl-1.0",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gpl-3.0",
    "isc",
    "lgpl-3.0",
    "mit",
    "mpl-2.0",
    "unlicense",
    "zlib",
)

# The metrics that are shown: title, key, and what the hub calls it.
SCORES = (
    ("recall@1", "recall@1", "accuracy"),
    ("recall@3", "recall@3", "recall_at_3"),
    ("recall@5", "recall@5", "recall_at_5"),
    ("macro-F1", "macro_f1", "f1"),
)


def render(facts: Facts) -> str:
    """Return MODEL_CARD.md."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["number"] = _number
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(_values(facts))


def metadata(facts: Facts) -> dict[str, Any]:
    """Return what the hub reads at the head of the card."""
    config, metrics = facts.ready.config, facts.metrics
    # Without a SavedModel there is nothing for Keras to read.
    library = [] if config["trainer"] == "node" else ["tf-keras"]
    found: dict[str, Any] = {"pipeline_tag": TASK}
    if library:
        found["library_name"] = library[0]
    if facts.language:
        found["language"] = [facts.language]
    if license := config.get("license"):
        found |= _license(license)
    found["tags"] = [TASK, "tensorflow.js", *library, "in-browser", "offline", "reproducible"]
    found["metrics"] = ["accuracy", "f1"]
    dataset = {"name": config["title"], "type": config["name"], "split": "test"}
    results = [
        {"type": kind, "name": title, "value": metrics[key]}
        for title, key, kind in SCORES
        if key in metrics
    ]
    task = {"type": TASK, "name": "Text classification"}
    found["model-index"] = [
        {
            "name": facts.ready.name,
            "results": [{"task": task, "dataset": dataset, "metrics": results}],
        }
    ]
    return found


def _license(license: str) -> dict[str, str]:
    name = license.lower()
    return {"license": name} if name in HUB_LICENSES else {"license": "other", "license_name": name}


def _values(facts: Facts) -> dict[str, Any]:
    config, constants, choice = facts.ready.config, facts.constants, facts.choice
    validation, labels = facts.validation, sorted(facts.metrics["labels"])
    splits = {name: split["labels"] for name, split in validation["splits"].items()}
    by_label, intervals = facts.metrics["labels"], facts.metrics["intervals"]
    return {
        # YAML writes the hub's block; its lines are as long as their values.
        "metadata": yaml.safe_dump(
            metadata(facts), sort_keys=False, allow_unicode=True, width=1 << 16
        ),
        "title": _text(config["title"]),
        "name": config["name"],
        "version": config["version"],
        "full_name": facts.ready.name,
        "license": config.get("license"),
        "labels": [_code(label) for label in labels],
        "unsure_below": constants["unsure_below"],
        "rows": _number(validation["rows"]),
        "posts": facts.about["corpus"]["posts"],
        "test_rows": _test_rows(config),
        "counts": [
            [
                _text(label),
                *(_number(splits[name].get(label, 0)) for name in ("train", "validation", "test")),
            ]
            for label in labels
        ],
        "dropped": _number(sum(validation["dropped"].values())),
        "duplicates": _number(
            sum(
                count
                for name, count in validation["duplicates"].items()
                if not name.endswith("_kept")
            )
        ),
        "trainer": config["trainer"],
        "max_words": config["model"]["max_words"],
        "seed": config["model"]["seed"],
        "words": _number(choice["words"]),
        "stored": levels.describe(choice["levels"]),
        "model_bytes": _number(choice["bytes"]),
        "budget": f"{choice['budget'] / 1000:g}",
        "commit": facts.ready.commit,
        "repository": config.get("repository"),
        "scores": [
            (title, f"{facts.metrics[key]:.4f}", "{:.3f} to {:.3f}".format(*intervals[key]))
            for title, key, _ in SCORES
            if key in intervals
        ],
        "remarks": [_text(_sentence(remark)) for remark in facts.about["remarks"]],
        "by_label": [
            [
                _text(label),
                _number(by_label[label]["posts"]),
                *(f"{by_label[label][key]:.3f}" for key in ("precision", "recall@1", "f1")),
            ]
            for label in labels
        ],
        "parity": f"{max(facts.parity['max_difference'].values()):.1e}",
        "parity_posts": _number(facts.parity["posts"]),
        "language": facts.language,
        "sizes": [(_code(name), _number(size)) for name, size in facts.sizes.items()],
    }


def _number(value: int) -> str:
    return f"{value:,}"


def _sentence(remark: str) -> str:
    return f"{remark[0].upper()}{remark[1:]}."


def _test_rows(config: configuration.Config) -> str:
    """Return in words what rows the test split holds."""
    split = config["split"]
    return {
        configuration.THRESHOLD: f"the rows whose split value is at least {split.get('threshold')}",
        configuration.NAMES: "the rows that the data themselves name as its",
        configuration.HASH: f"a share of {split['test']:g} of the texts, drawn by a hash of each",
    }[configuration.split_by(config["source"], config["split"])]


def _text(value: str) -> str:
    """Return a text that Markdown shows as it is, on its line and in its cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|&$])", r"\\\1", " ".join(value.split()))


def _code(value: str) -> str:
    """Return a text as code, which has no escapes."""
    return f"`{' '.join(value.split()).replace('`', chr(39))}`"
