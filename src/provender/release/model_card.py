"""MODEL_CARD.md: what the model is, for people, and for Hugging Face's hub."""

from typing import Any

import yaml

from provender import config
from provender.model import model_card
from provender.release.ready import Facts

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

# What the hub calls the metrics that are shown, by their keys.
HUB_METRICS = {
    "recall@1": "accuracy",
    "recall@3": "recall_at_3",
    "recall@5": "recall_at_5",
    "macro_f1": "f1",
}


def render(facts: Facts) -> str:
    """Return MODEL_CARD.md."""
    settings = facts.ready.config
    build = model_card.Build(
        settings,
        config.describe_test(settings["source"], settings["split"]),
        facts.language,
        facts.constants["unsure_below"],
        facts.about,
        facts.validation,
        facts.choice,
        facts.parity,
    )
    release = model_card.Release(
        facts.ready.name,
        settings.get("license"),
        facts.ready.commit,
        settings.get("repository"),
        facts.sizes,
    )
    # YAML writes the hub's block; its lines are as long as their values.
    head = yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True, width=1 << 16)
    return f"---\n{head}---\n\n{model_card.render(build, release)}"


def metadata(facts: Facts) -> dict[str, Any]:
    """Return what the hub reads at the head of the card."""
    settings, metrics = facts.ready.config, facts.metrics
    # Without a SavedModel there is nothing for Keras to read.
    library = [] if settings["trainer"] == "node" else ["tf-keras"]
    found: dict[str, Any] = {"pipeline_tag": TASK}
    if library:
        found["library_name"] = library[0]
    if facts.language:
        found["language"] = [facts.language]
    if license := settings.get("license"):
        found |= _license(license)
    found["tags"] = [TASK, "tensorflow.js", *library, "in-browser", "offline", "reproducible"]
    found["metrics"] = ["accuracy", "f1"]
    dataset = {"name": settings["title"], "type": settings["name"], "split": "test"}
    results = [
        {"type": HUB_METRICS[key], "name": title, "value": metrics[key]}
        for title, key in model_card.SCORES
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
