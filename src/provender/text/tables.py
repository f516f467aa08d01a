"""Tables of Unicode for the trainer in Node.js, which may know another edition than Python.

``web/train/unicode.json`` is what :func:`provender.text.recipe.compile_recipe` makes for every
setting; ``make unicode`` writes it anew.
"""

import json
from typing import Any

import yaml

from provender import files, tool
from provender.text.recipe import LANGUAGES, compile_recipe

FILE = "web/train/unicode.json"

# Says which settings there are.
SCHEMA = "workflow/schemas/config.schema.yaml"

# Of a compiled recipe: what no setting changes, and what language and marks do.
SHARED = ("pairs", "parts", "classes")
OWN = ("lower", "fold", "separators", "symbols", "ignored")

ANY, KEEP = "any", "keep"


def build() -> str:
    """Return the tables as JSON in one line."""
    rules = {"max_characters": 1, "replace": []}
    schema = yaml.load(tool.place(SCHEMA).read_text(encoding="utf-8"), yaml.CSafeLoader)
    settings = schema["properties"]["text"]["properties"]
    # Languages with the same letters have one table.
    languages = {json.dumps(LANGUAGES[name]): name for name in reversed(LANGUAGES)}
    scripts = settings["grams"]["properties"]["scripts"]["items"]["enum"]
    compiled = {
        (marks, language): compile_recipe(rules, None, language, marks)
        for marks in settings["marks"]["enum"]
        for language in (ANY, *languages.values())
    }
    variants: dict[str, dict[str, Any]] = {}
    for (marks, language), recipe in compiled.items():
        variants.setdefault(marks, {})[language] = {key: recipe[key] for key in OWN}
    tables = {
        **{key: compiled[KEEP, ANY][key] for key in SHARED},
        "variants": variants,
        "scripts": {
            script: compile_recipe(rules, {"sizes": [1], "scripts": [script]})["grams"][
                "characters"
            ]
            for script in scripts
        },
    }
    return json.dumps(tables, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    files.write_text(tool.place(FILE), build())
