"""The page: index.html and manifest.webmanifest, in the language of the texts.

web/src/index.html is their template, and web/src/languages/ has a file for each language that the
page speaks: its words for people, by the same keys. A sentence has names in braces.
"""

import base64
import dataclasses
import hashlib
import itertools
import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from provender import files, tool
from provender.errors import UserError

# What a browser may load and do: what is in the bundle; no string becomes a script. Several of the
# bundle's scripts may be on a page, and each makes the policy by which it names others.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types provender 'allow-duplicates'"
)

TEMPLATE = "web/src/index.html"
LANGUAGES = "web/src/languages"

# That of texts in a language that the page does not speak.
ENGLISH = "en"

# What one row of each kind of corpus is called.
NOUNS = {"newsgroups": "posts", "docstrings": "docstrings"}

# Labels that the empty page shows, and how many characters they may have together: what fits where
# the answer will be.
SHOWN_LABELS = 24
SHOWN_CHARACTERS = 200

# More labels than these have no matrix of confusion that could be read.
MATRIX_LABELS = 30

# The most frequent confusions that are named.
PAIRS = 10

# An example of so many words must not stand in a text of the table, unless texts may be shown.
QUOTED_WORDS = 8

PAPER = "#f6f5ef"
ACCENT = "#2c6e49"

# Characters of Unicode that are told apart by script: so many make a part.
PART = 128


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the page shows. ``setting``: ``page`` in the configuration; ``about``: about.json."""

    name: str
    about: Mapping[str, Any]
    labels: Sequence[str]
    vocabulary: Sequence[str]
    language: str
    setting: Mapping[str, Any]

    @property
    def words(self) -> dict[str, Any]:
        """The page's words in its language."""
        return read_words(spoken(self.language))

    @property
    def heading(self) -> str:
        """What the page is called."""
        return str(self.setting.get("heading") or self.about["corpus"]["title"])


def spoken(language: str) -> str:
    """Return the language in which the page speaks of texts in ``language``."""
    return language if tool.place(f"{LANGUAGES}/{language}.json").is_file() else ENGLISH


def read_words(language: str) -> dict[str, Any]:
    """Return the page's words in a language that it speaks."""
    words: dict[str, Any] = files.read_json(tool.place(f"{LANGUAGES}/{language}.json"))
    return words


def check_examples(examples: Sequence[str], texts: Sequence[str]) -> None:
    """Raise UserError where an example is a quotation of one of ``texts``, which people wrote."""
    for example in examples:
        own = " ".join(example.split())
        if len(own.split()) < QUOTED_WORDS:
            continue
        if any(own in " ".join(text.split()) for text in texts):
            raise UserError(
                f"page.examples quotes a text of the table: {own[:40]}… Write one of your own, or "
                "allow quotations: set report.show_text to true"
            )


def build(bundle: Path, facts: Facts) -> str:
    """Return index.html for the site in folder ``bundle``, whose other files are there."""
    ahead = ["manifest.json"] + [
        f"{path.relative_to(bundle).as_posix()}?sha256={files.sha256(path)}"
        for path in (
            *(bundle / name for name in ("about.json", "constants.json")),
            *sorted((bundle / "tfjs" / "layers").iterdir()),
        )
    ]
    integrity = {
        name: source((bundle / name).read_bytes())
        for name in ("style.css", "no-script.css", "page.js")
    }
    return render(
        facts,
        policy=POLICY,
        single=False,
        icon="icon.svg",
        integrity=integrity,
        ahead=ahead,
        scripts=[],
        engines=_engines(bundle, facts),
    )


def render(facts: Facts, policy: str, **given: Any) -> str:
    """Return the page by its template; ``given``: what is not the same for page and single page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(tool.place(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(policy=Markup(policy), **_shown(facts), **given) + "\n"


def source(content: bytes) -> str:
    """Return how a page names a script or style with this content."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def web_manifest(facts: Facts) -> dict[str, Any]:
    """Return manifest.webmanifest, by which the page can be installed."""
    words = facts.words
    icons = [("icon.svg", "any", "image/svg+xml", "any")]
    icons += [(f"icon-{size}.png", f"{size}x{size}", "image/png", "any") for size in (192, 512)]
    icons += [("icon-maskable-512.png", "512x512", "image/png", "maskable")]
    return {
        "name": facts.heading,
        "short_name": facts.name,
        "description": say(words["description"], count=number(words, len(facts.labels))),
        "lang": words["code"],
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": ACCENT,
        "icons": [
            {"src": src, "sizes": sizes, "type": kind, "purpose": purpose}
            for src, sizes, kind, purpose in icons
        ],
    }


def confusion(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> dict[str, Any]:
    """Return what the page tells of mistakes on the test split.

    ``counts`` [true label, answer]. ``pairs``: [true label, answer, count], the most frequent
    first; ``counts``: all of them, where the labels are few.
    """
    pairs = sorted(
        (-count, row, column)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column and count
    )
    told: dict[str, Any] = {
        "pairs": [[labels[row], labels[column], -count] for count, row, column in pairs[:PAIRS]]
    }
    return told | ({"counts": counts} if len(labels) <= MATRIX_LABELS else {})


def say(sentence: str, **values: Any) -> Markup:
    """Return a sentence with ``values`` in the places of their names, as HTML."""
    text = str(escape(sentence))
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(escape(value)))
    return Markup(text)


def number(words: Mapping[str, Any], value: int) -> str:
    """Return a whole number as the language of ``words`` groups its digits."""
    if value < words["group_from"]:
        return str(value)
    return f"{value:,}".replace(",", words["group"])


def tenths(share: float) -> tuple[int, int]:
    """Return a share in words of people: so many of 10, or of 100 where 10 are too coarse.

    Not all, unless it is 1, and not none.
    """
    of = 100 if share >= 0.95 or share < 0.05 else 10
    return min(max(round(of * share), int(share > 0)), of - (share < 1)), of


def _shown(facts: Facts) -> dict[str, Any]:
    words, about = facts.words, facts.about
    corpus, tested = about["corpus"], about["metrics"]["test"]
    noun = NOUNS.get(corpus["kind"], "texts")
    texts, of_texts = words[noun], words[f"of_{noun}"]
    posts = {name: number(words, count) for name, count in corpus["posts"].items()}
    learnt = number(words, corpus["posts"]["train"] + corpus["posts"]["validation"])
    named = {"texts": texts, "of_texts": of_texts, "count": learnt}
    lead = (
        say(words["learnt"], title=corpus["title"], **named)
        if facts.setting.get("heading")
        else say(words["sorts"], labels=number(words, len(facts.labels)), **named)
    )
    if corpus["kind"] == "docstrings":
        lead += " " + escape(words["stands_in"])
    right, of = tenths(tested["recall@1"])
    good = words["right_all"] if right == of else words["right"]
    return {
        # Not a dict, whose own methods have names of words.
        "words": types.SimpleNamespace(**words),
        "name": facts.name,
        "heading": facts.heading,
        "description": say(words["description"], count=number(words, len(facts.labels))),
        "learnt": lead,
        "expects": facts.setting.get("expects") or _expects(words, facts.language),
        "language": facts.language,
        "seen": " ".join(map(str, parts(facts.vocabulary))),
        "examples": facts.setting.get("examples", []),
        "labels": facts.labels,
        "shown_labels": shown(facts.labels),
        "good": say(good, right=right, all=of, texts=texts, of_texts=of_texts),
        "measured": say(
            words["measured"],
            test=posts["test"],
            validation=posts["validation"],
            texts=texts,
            of_texts=of_texts,
        ),
        "remarks": [f"{remark[0].upper()}{remark[1:]}." for remark in about["remarks"]],
        "has_recall_3": "recall@3" in tested["intervals"],
        "has_matrix": "counts" in about["confusion"],
        "honest": say(words["verify_honest"], command=Markup("<code>provender audit</code>")),
        "number": lambda value: number(words, value),
        "say": say,
    }


def shown(labels: Sequence[str]) -> int:
    """Return how many of the labels, the first ones, the empty page shows."""
    sizes = itertools.accumulate(map(len, labels))
    fitting = sum(size <= SHOWN_CHARACTERS for size in sizes)
    return min(max(fitting, 1), SHOWN_LABELS)


def parts(vocabulary: Sequence[str]) -> list[int]:
    """Return the parts of Unicode, of 128 characters each, that the words are from."""
    units = set("".join(vocabulary))
    return sorted({ord(unit) // PART for unit in units})


def _expects(words: Mapping[str, Any], language: str) -> Markup:
    known = words["languages"].get(language)
    return say(words["expects_language"], language=known) if known else say(words["expects"])


def _engines(bundle: Path, facts: Facts) -> list[dict[str, Any]]:
    words = facts.words
    needed = {
        "kernel": ("tfjs/layers",),
        "layers": ("tfjs/layers", "vendor"),
        "graph": ("tfjs/graph", "vendor"),
    }
    found = []
    for engine in ("kernel", *facts.about["formats"]):
        paths = [bundle / "constants.json"]
        paths += [path for folder in needed[engine] for path in (bundle / folder).iterdir()]
        size = sum(path.stat().st_size for path in paths)
        found.append(
            {
                "name": engine,
                "note": words[f"{engine}_note"],
                "kilobytes": number(words, round(size / 1000)),
            }
        )
    return found


def read_setting(text: str) -> dict[str, Any]:
    """Return ``page`` of the configuration, given as JSON."""
    setting: dict[str, Any] = json.loads(text)
    return setting
