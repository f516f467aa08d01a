"""Assemble the site that is published: page, scripts, model in all forms, manifest.

The same page is written as one file, too, and the model card as a page.

Ships only model files and constants whose digests verify_parity has checked. The
manifest lists each file's size and sha256 digest, and the digests of what the bundle
was made from; it holds no clock, host, path or commit: same inputs, same bytes.
"""

import argparse
import hashlib
import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from provender import config, console, files, tool
from provender.bundle import constants, node, page, single_page
from provender.errors import UserError
from provender.model import model_card
from provender.running import code_files, step

import jinja2
from markdown_it import MarkdownIt

FORMAT = 1

CONSTANTS = "constants.json"
CARD = "model-card.html"

# Where a part of the card begins, once it is HTML.
PART = re.compile("(?=<h2>)")

# What is wider than the screen scrolls by itself, by the keyboard too. The page's style, which
# aligns columns, is the only one that the card's policy allows.
WIDE = {
    "<table>": '<div class="wide" role="group" tabindex="0" aria-label="Table"><table>',
    "</table>": "</table></div>",
    "<pre>": '<pre tabindex="0">',
    ' style="text-align:right"': "",
}

# What the card has that the page has not: long names in running text, code and wide tables.
CARD_STYLE = """
p, li { overflow-wrap: break-word }
h1 { margin-bottom: 0.75rem }
pre, .wide { overflow-x: auto }
table { width: auto; margin: 1rem 0 }
td:first-child { padding-left: 0; text-align: left; white-space: normal; word-break: break-word }
th:first-child { min-width: 6rem }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --quiet: #444; --line: #bbb; --accent: #2c6e49 }
  body { max-width: none; padding: 0; font-size: 10pt }
  .card { padding: 0; border: 0 }
  .wide { overflow: visible }
  h2 { break-after: avoid }
  tr { break-inside: avoid }
}
"""

# Of the metrics of a label, what the page shows; the report has the rest.
LABEL_METRICS = ("posts", "precision", "recall@1", "f1")


def copy_models(layers: Path, graph: Path | None, output: Path) -> None:
    """Copy the TensorFlow.js formats that there are into the bundle."""
    for folder in filter(None, (layers, graph)):
        (output / "tfjs" / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir()):
            shutil.copyfile(path, output / "tfjs" / folder.name / path.name)


def check_parity(output: Path, checked: dict[str, str]) -> None:
    """Raise UserError unless the bundle's model is the one that was verified."""
    # The constants last: they are bound to the weights, and so others where these are others.
    for name, digest in sorted(checked.items(), key=lambda item: item[0] == CONSTANTS):
        if files.sha256(output / name) != digest:
            raise UserError(
                f"{name} is not the file that verify_parity checked: run snakemake again"
            )


def describe(options: argparse.Namespace) -> dict[str, Any]:
    """Return about.json: what the page says of the model."""
    validation, metrics = files.read_json(options.validation), files.read_json(options.metrics)
    return {
        "name": options.name,
        "corpus": {
            "kind": options.kind,
            "title": options.title,
            "posts": {name: split["posts"] for name, split in validation["splits"].items()},
        },
        "formats": ["layers", "graph"] if options.graph else ["layers"],
        "metrics": {split: shown_metrics(metrics[split]) for split in ("validation", "test")},
        "remarks": metrics["remarks"],
        "confusion": page.confusion(metrics["test"]["confusion"], files.read_json(options.labels)),
    }


def read_facts(options: argparse.Namespace, about: dict[str, Any]) -> page.Facts:
    """Return what the page shows. Raises UserError where an example quotes what people wrote."""
    setting = page.read_setting(options.page)
    if setting.get("examples") and not options.quotes:
        database = sqlite3.connect(f"file:{options.database}?mode=ro", uri=True)
        try:
            texts = [text for (text,) in database.execute("SELECT Data FROM news")]
        finally:
            database.close()
        page.check_examples(setting["examples"], texts)
    return page.Facts(
        name=options.name,
        about=about,
        labels=files.read_json(options.labels),
        vocabulary=files.read_json(options.vocabulary),
        language=options.language,
        setting=setting,
    )


def shown_metrics(measured: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a split's metrics."""
    intervals = measured["intervals"]
    return {
        "posts": measured["posts"],
        **{name: measured[name] for name in intervals},
        "intervals": intervals,
        "labels": {
            label: {name: values[name] for name in LABEL_METRICS}
            for label, values in measured["labels"].items()
        },
    }


def build_card(
    about: dict[str, Any], unsure_below: float, style: str, options: argparse.Namespace
) -> str:
    """Return model-card.html: the model card as a page that asks for no other file.

    ``about``: what about.json holds; ``style``: that of the site's page.
    """
    settings = json.loads(options.config)
    card = model_card.render(
        model_card.Build(
            settings,
            config.describe_test(settings["source"], settings["split"]),
            config.language(settings),
            unsure_below,
            about,
            files.read_json(options.validation),
            files.read_json(options.choice),
            files.read_json(options.parity),
        )
    )
    # Without HTML in Markdown: what a title or a label holds is text.
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(card)
    for old, new in WIDE.items():
        html = html.replace(old, new)
    head, *parts = PART.split(html)
    template = options.card.read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    style += CARD_STYLE
    return environment.from_string(template).render(
        title=options.title,
        style=style,
        source=single_page.source(style),
        head=head,
        parts=parts,
    )


def build_manifest(output: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return manifest.json: every file of the bundle and the digests of the inputs."""
    paths = sorted(p for p in output.rglob("*") if p.is_file())
    code = code_files.workflow()
    sources = "".join(f"{files.sha256(path)}  {tool.name(path)}\n" for path in code)
    return {
        "format": FORMAT,
        "name": options.name,
        "version": options.version,
        "files": {
            path.relative_to(output).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": files.sha256(path),
            }
            for path in paths
        },
        "inputs": {
            "database": files.sha256(options.database),
            "config": hashlib.sha256(options.config.encode()).hexdigest(),
            "recipe": files.sha256(options.recipe),
            "requirements": files.sha256(tool.path(code_files.PYTHON_LOCK)),
            "packages": files.sha256(tool.path(code_files.NODE_LOCK)),
            "code": hashlib.sha256(sources.encode()).hexdigest(),
        },
    }


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    constants.add_arguments(parser)
    parser.add_argument("--version", required=True, help="version of the classifier")
    parser.add_argument("--title", required=True, help="what it was trained on, for people")
    parser.add_argument("--kind", required=True, help="kind of source")
    parser.add_argument("--graph", type=Path, help="folder of the graph format, if there is one")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics, JSON")
    parser.add_argument("--validation", type=Path, required=True, help="validation report, JSON")
    parser.add_argument("--parity", type=Path, required=True, help="parity report, JSON")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file of the source")
    parser.add_argument("--recipe", type=Path, required=True, help="text recipe, YAML")
    parser.add_argument("--config", required=True, help="configuration, JSON")
    parser.add_argument("--card", type=Path, required=True, help="page around the card, Jinja")
    parser.add_argument("--page", default="{}", help="heading, examples and the like, JSON")
    parser.add_argument("--quotes", action="store_true", help="examples may quote the texts")
    parser.add_argument("--language", default="", help="code of the texts' language, if known")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Build the site beside the old one, then put it in its place."""
    part = options.output.with_name(options.output.name + ".part")
    about = describe(options)
    facts = read_facts(options, about)
    shutil.rmtree(part, ignore_errors=True)
    try:
        node.run("build.js", "--language", page.spoken(facts.language), "--output", part)
        copy_models(options.layers, options.graph, part)
        built = constants.build(options)
        (part / CONSTANTS).write_bytes(built)
        check_parity(part, files.read_json(options.parity)["checked"])
        files.write_text(part / "constants.js", constants.to_script(built))
        files.write_json(part / "about.json", about)
        style = (part / "style.css").read_text(encoding="utf-8")
        unsure_below = json.loads(built)["unsure_below"]
        files.write_text(part / CARD, build_card(about, unsure_below, style, options))
        files.write_json(part / "manifest.webmanifest", page.web_manifest(facts))
        files.write_text(part / "index.html", page.build(part, facts))
        files.write_text(part / "demo.single.html", single_page.build(part, facts))
        manifest = build_manifest(part, options)
        files.write_json(part / "manifest.json", manifest)
        shutil.rmtree(options.output, ignore_errors=True)
        part.rename(options.output)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(file["bytes"] for file in manifest["files"].values())
    console.log.info("%d files, %s bytes", len(manifest["files"]), f"{size:,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
