"""The model card: what a model is, what it is for, its data, figures and limits."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from provender.model import levels

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")

# The metrics that are shown: title and key.
SCORES = (
    ("recall@1", "recall@1"),
    ("recall@3", "recall@3"),
    ("recall@5", "recall@5"),
    ("macro-F1", "macro_f1"),
)


@dataclass(frozen=True)
class Build:
    """What a build knows of its model.

    ``test_rows``: what the test split holds, in words. ``language``: of the texts, if known.
    ``about``: what about.json holds; ``validation``, ``choice`` and ``parity``: those reports.
    """

    config: dict[str, Any]
    test_rows: str
    language: str | None
    unsure_below: float
    about: dict[str, Any]
    validation: dict[str, Any]
    choice: dict[str, Any]
    parity: dict[str, Any]


@dataclass(frozen=True)
class Release:
    """What only a release knows: its name, where it is from, and its files' sizes in bytes."""

    full_name: str
    license: str | None
    commit: str
    repository: str | None
    sizes: dict[str, int]


def render(build: Build, release: Release | None = None) -> str:
    """Return the card as Markdown; without a release, it tells of the build alone."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["number"] = _number
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    shown = release and {
        "full_name": release.full_name,
        "license": release.license,
        "commit": release.commit,
        "repository": release.repository,
        "sizes": [(_code(name), _number(size)) for name, size in release.sizes.items()],
    }
    return template.render({**_values(build), "release": shown})


def _values(build: Build) -> dict[str, Any]:
    config, choice, validation = build.config, build.choice, build.validation
    metrics = build.about["metrics"]["test"]
    by_label, intervals = metrics["labels"], metrics["intervals"]
    labels = sorted(by_label)
    splits = {name: split["labels"] for name, split in validation["splits"].items()}
    return {
        "title": _text(config["title"]),
        "name": config["name"],
        "version": config["version"],
        "labels": [_code(label) for label in labels],
        "unsure_below": build.unsure_below,
        "rows": _number(validation["rows"]),
        "posts": build.about["corpus"]["posts"],
        "test_rows": build.test_rows,
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
        "vectors": _vectors(config.get("vectors")),
        "chosen_by": (
            "by cross-validation on the training split"
            if "folds" in choice
            else "on the validation split"
        ),
        "max_words": config["model"]["max_words"],
        "seed": config["model"]["seed"],
        "words": _number(choice["words"]),
        "stored": levels.describe(choice["levels"]),
        "model_bytes": _number(choice["bytes"]),
        "budget": f"{choice['budget'] / 1000:g}",
        "scores": [
            (title, f"{metrics[key]:.4f}", "{:.3f} to {:.3f}".format(*intervals[key]))
            for title, key in SCORES
            if key in intervals
        ],
        "remarks": [_text(_sentence(remark)) for remark in build.about["remarks"]],
        "by_label": [
            [
                _text(label),
                _number(by_label[label]["posts"]),
                *(f"{by_label[label][key]:.3f}" for key in ("precision", "recall@1", "f1")),
            ]
            for label in labels
        ],
        "parity": f"{max(build.parity['max_difference'].values()):.1e}",
        "parity_posts": _number(build.parity["posts"]),
        "language": build.language,
    }


def _vectors(named: dict[str, Any] | None) -> str | None:
    """Return which word vectors the model has learnt from, and their license; None for none."""
    if not named:
        return None
    # Where their file lies is no matter to a build.
    name = f"{_code(named['package'])}, " if "package" in named else ""
    terms = f"license {_text(named['license'])}" if "license" in named else "no license named"
    return f"{name}sha256 `{named['sha256']}`, {terms}"


def _number(value: int) -> str:
    return f"{value:,}"


def _sentence(remark: str) -> str:
    return f"{remark[0].upper()}{remark[1:]}."


def _text(value: str) -> str:
    """Return a text that Markdown shows as it is, on its line and in its cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|&$])", r"\\\1", " ".join(value.split()))


def _code(value: str) -> str:
    """Return a text as code, which has no escapes."""
    return f"`{' '.join(value.split()).replace('`', chr(39))}`"
