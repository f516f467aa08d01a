"""Read, lay over each other and check configurations."""

import copy
import datetime
import difflib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from provender.errors import UserError
from provender.text.pattern import PatternError, check_pattern

Config = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "config/config.yaml"
TEXT = "config/text.yaml"
SCHEMA = "workflow/schemas/config.schema.yaml"
TEXT_SCHEMA = "workflow/schemas/text.schema.yaml"

# Where things lie on one machine: the digests of what lies there are what counts.
LOCATIONS = ("archives", "url", "path")

# What of a user's database a build reads, besides its path.
COLUMNS = ("table", "text", "label", "split")

# Numbers that YAML 1.1, which PyYAML reads, takes for text: it wants a point and a sign.
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")

# What only a release says of itself: no part of a build.
PUBLICATION = ("repository", "license", "language")


def read(*paths: str | Path) -> Config:
    """Read YAML files, lay each over the ones before, and check the result."""
    config = merge(*paths)
    check(config)
    return config


def merge(*paths: str | Path) -> Config:
    """Read YAML files, lay each over the ones before, and add the schema's defaults."""
    return combine([read_overlay(path) for path in paths], read_schema(SCHEMA))


def combine(parts: Sequence[Config], schema: Config) -> Config:
    """Lay the parts that count over each other, and add the defaults of ``schema``."""
    config: Config = {}
    for part in that_count(parts):
        lay_over(config, part)
    for key, (_, value) in defaults(schema).items():
        below: Any = config
        for name in key[:-1]:
            below = below.setdefault(name, {}) if isinstance(below, dict) else None
        if isinstance(below, dict):
            below.setdefault(key[-1], value)
    return config


def that_count(parts: Sequence[Config]) -> list[Config]:
    """Return the parts from the last one on that names another ``source.kind`` than those below.

    A configuration for one kind of source means nothing for another: its title, its way to read
    texts and its split are of other data.
    """
    first, kind = 0, None
    for number, part in enumerate(parts):
        source = part.get("source")
        named = source.get("kind") if isinstance(source, dict) else None
        if named not in (None, kind):
            first, kind = number, named
    return list(parts[first:])


def defaults(schema: Config) -> dict[tuple[str, ...], tuple[tuple[str, ...], Any]]:
    """Return the keys that have a default: where it stands in the schema, and its value."""
    return {key: (place, value) for key, place, value in _defaults(schema, (), ())}


def _defaults(
    schema: Config, key: tuple[str, ...], place: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Any]]:
    if "default" in schema:
        yield key, (*place, "default"), copy.deepcopy(schema["default"])
    for name, below in schema.get("properties", {}).items():
        yield from _defaults(below, (*key, name), (*place, "properties", name))


def read_schema(path: str) -> Config:
    """Read a schema of the project."""
    schema: Config = yaml.load((ROOT / path).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return schema


def read_overlay(path: str | Path) -> Config:
    """Read one configuration file as it is, which need not say everything."""
    return _read_yaml(path, DEFAULT)


def check(config: Config) -> None:
    """Raise UserError, naming every fault and its mend, unless ``config`` fits the schema."""
    _validate(config, SCHEMA, "the configuration")
    text = config["text"]
    if config["source"]["kind"] != "newsgroups" and text["augment"] and not text["strip"]:
        raise UserError(
            "text.augment removes parts of newsgroup posts, though text.strip removes none: set "
            "text.augment to [] as well"
        )
    read_recipe(text["recipe"])
    exclude = config["vocabulary"].get("exclude")
    if exclude and not Path(exclude).is_file():
        raise UserError(f"vocabulary.exclude names {exclude}, which is no file: write it, or leave "
                        "out vocabulary.exclude")  # fmt: skip


def read_recipe(path: str | Path) -> Config:
    """Read a text recipe: ``max_characters``, and the rules that ``replace`` lists.

    Raises UserError, naming every fault and its mend, for a pattern that languages would
    read differently or that could take a browser forever.
    """
    recipe = _read_yaml(path, TEXT)
    _validate(recipe, TEXT_SCHEMA, str(path))
    faults = []
    for number, rule in enumerate(recipe["replace"], 1):
        if ("with" in rule) == ("apart" in rule):
            faults.append(f"replacement {number}: it needs either with, what to put in place of "
                          "what matches, or apart: true")  # fmt: skip
        try:
            check_pattern(rule["pattern"])
        except PatternError as error:
            faults.append(f"replacement {number}, {error}")
    _raise_for(faults, str(path))
    return recipe


def named_files(config: Config) -> list[str]:
    """Return the files of the project that the configuration names. Raises ValueError if odd."""
    excluded = config.get("vocabulary", {}).get("exclude")
    named = [config["text"]["recipe"], *filter(None, [excluded])]
    for path in named:
        if not isinstance(path, str):
            raise ValueError(f"{path!r:.60} is no path")
    return named


def settle_in_snakefile(config: Config, overlays: Sequence[str | Path], given: Config) -> None:
    """Make ``config`` what the files say together, with the values of ``--config`` over them.

    Ends Snakemake without the stack trace that it would print, where a key is wrong.
    """
    try:
        settled = combine(
            [*(read_overlay(path) for path in (DEFAULT, *overlays)), given], read_schema(SCHEMA)
        )
        check(settled)
    except UserError as error:
        sys.exit(f"error: {error}")
    config.clear()
    config.update(settled)


def identity(config: Config) -> str:
    """Return as canonical JSON what of ``config`` a build depends on, without locations."""
    built = {key: value for key, value in config.items() if key not in PUBLICATION}
    source = {key: value for key, value in config["source"].items() if key not in LOCATIONS}
    return json.dumps({**built, "source": source}, sort_keys=True, separators=(",", ":"))


def database_files(path: str) -> list[str]:
    """Return the user's database and, where a writer left one, its write-ahead log."""
    # SQLite keeps it beside the file itself, not beside a link to it.
    log = f"{os.path.realpath(path) if Path(path).is_symlink() else path}-wal"
    return [path, log] if Path(log).exists() else [path]


def source_words(config: Config) -> list[str]:
    """Return how the command of fetch_source ends for a user's database, as the rule has it.

    For another kind of source it is empty: there Snakemake itself knows what a rule was run with,
    and no file that it does not make can be missing.
    """
    source = config["source"]
    if source["kind"] != "sqlite":
        return []
    words = ["sqlite"]
    for option, key in (("database", "path"), *((key, key) for key in COLUMNS)):
        words += [f"--{option}", source[key]]
    words += ["--labels", *map(str, source.get("labels", []))]
    words += ["--rename-labels", json.dumps(source.get("rename_labels", {}), sort_keys=True)]
    return [*words, "--validation-by", config["split"]["validation_by"]]


def lay_over(below: Config, above: Config) -> None:
    """Set in ``below`` what ``above`` says, key by key."""
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = copy.deepcopy(value)


def _read_yaml(path: str | Path, example: str) -> Config:
    try:
        value = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError as error:
        raise UserError(f"there is no configuration file {path}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} holds no keys with values: see {example} for an example")
    return value


class _Loader(yaml.CSafeLoader):
    """Reads YAML whose keys are there once."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    # What is no scalar is a key that the schema refuses.
    for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
        if key.value in seen:
            line = key.start_mark.line + 1
            raise yaml.YAMLError(f"line {line}: the key {key.value} is there twice: leave one")
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _validate(value: Config, schema: str, what: str) -> None:
    errors = jsonschema.Draft202012Validator(read_schema(schema)).iter_errors(value)
    # The schema library reports each missing key of a group anew for every one of them.
    _raise_for(list(dict.fromkeys(fault for e in errors for fault in _describe(e))), what)


def _raise_for(faults: list[str], what: str) -> None:
    if faults:
        raise UserError(f"{what} is wrong:\n" + "\n".join(f"  {fault}" for fault in faults))


def _describe(error: jsonschema.ValidationError) -> list[str]:
    place = ".".join(str(part) for part in error.absolute_path)
    within = f"{place}." if place else ""
    # Known for an error that was found, which the library's types leave open.
    schema: Any = error.schema
    named: Any = error.validator_value
    found: Any = error.instance
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        return [
            f"{within}{key} is not a key: {nearest(str(key), known)}"
            for key in found
            if key not in known
        ]
    if error.validator == "required":
        missing = [key for key in named if key not in found]
        kind = found.get("kind")
        needed = f" for source.kind {kind}" if kind else ""
        return [f"{within}{key} is missing{needed}" for key in missing]
    steps = list(error.absolute_schema_path)
    if "propertyNames" in steps:
        return _without_meaning(found, int(steps[steps.index("allOf") + 1]))
    if error.validator == "enum":
        known = [str(value) for value in named]
        return [f"{place} is {found!r}: {nearest(str(found), known)}"]
    if error.validator in ("pattern", "anyOf") and "description" in schema:
        return [f"{place} is {found!r}, but should be: {schema['description']}"]
    if error.validator == "type" and named in ("number", "integer"):
        if isinstance(found, str) and EXPONENT.fullmatch(found):
            mend = f"YAML takes it for text: write {float(found)!r}, or {_with_point(found)}"
            return [f"{place} is {found!r}. {mend}"]
        if isinstance(found, datetime.date):
            return [f"{place} is {found}, a date: it is to be a number, such as {found.year}"]
    return [f"{place or 'it'}: {error.message}"]


def _with_point(number: str) -> str:
    """Return a number as YAML 1.1 has it, with a point and a sign: 1.0e-3 for 1e-3."""
    digits, exponent = number.lower().split("e")
    sign = "" if exponent[0] in "+-" else "+"
    return f"{digits if '.' in digits else f'{digits}.0'}e{sign}{exponent}"


def _without_meaning(key: str, branch: int) -> list[str]:
    """Return the fault of a key of ``source`` that the kind of a branch does not have."""
    schema = read_schema(SCHEMA)["properties"]["source"]
    if key not in schema["properties"]:
        return []
    kinds = [part["if"]["properties"]["kind"]["const"] for part in schema["allOf"]]
    fit = [
        kind
        for kind, part in zip(kinds, schema["allOf"], strict=True)
        if key in part["then"]["propertyNames"]["enum"]
    ]
    return [
        f"source.{key} has no meaning for kind {kinds[branch]}; set source.kind to "
        f"{' or '.join(fit)}, or leave out {key}"
    ]


def nearest(name: str, known: list[str]) -> str:
    """Return which of the known names was meant, or all of them, as the end of a message."""
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
