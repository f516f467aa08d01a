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

from provender import tool
from provender.errors import UserError
from provender.sources import columns, store
from provender.text.pattern import PatternError, check_pattern

Config = dict[str, Any]

DEFAULT = "config/config.yaml"
TEXT = "config/text.yaml"
SCHEMA = "workflow/schemas/config.schema.yaml"
TEXT_SCHEMA = "workflow/schemas/text.schema.yaml"

# Where things lie on one machine: the digests of what lies there are what counts.
LOCATIONS = ("archives", "url", "path")

# What npm installs by a lock of its own, for packages of word vectors.
VECTORS_FOLDER = "vectors"
VECTORS_LOCK = f"{VECTORS_FOLDER}/package-lock.json"

# Kinds of source that are a table of the user's own, and what of it a build reads.
TABLES = ("sqlite", "csv", "jsonl", "parquet")
WORDS = ("path", "table", "text", "label", "split", "encoding", "delimiter", "quote")

# What a build read of an object store: which files, with their digests.
STORED = "data/source/files.json"

# How the test part is told: by numbers or dates from a threshold on, by a column that names the
# split of each row, or by a hash of each text.
THRESHOLD, NAMES, HASH = "threshold", "names", "hash"

# The share of the test part that is drawn; the schema's default.
TEST_SHARE = 0.2

# What the test part is of sources that have no column to tell it by. Their years are drawn from a
# hash of each text, and only carry that over.
MADE_UP = {
    "newsgroups": (
        "the archive's own test part, the posts after a date of its choice. The years in the "
        "database carry that over and are no dates: they were drawn from a hash"
    ),
    "docstrings": (
        "a part of the docstrings, drawn by a hash of each. The years in the database carry that "
        "over and are no dates: they were drawn from a hash"
    ),
}

# Numbers that YAML 1.1, which PyYAML reads, takes for text: it wants a point and a sign.
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")

# How a build is run, on which nothing that is made depends.
RUNNING = ("shards",)

# What only a release and its npm package say of themselves: no part of a model.
PUBLICATION = (
    "homepage",
    "keywords",
    "license",
    "license_file",
    "publish",
    "repository",
)


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
    schema: Config = yaml.load(tool.place(path).read_text(encoding="utf-8"), yaml.CSafeLoader)
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
    _check_place(config["source"])
    _check_split(config)
    read_recipe(recipe_file(text["recipe"]))
    for key, named in (
        ("vocabulary.exclude", config["vocabulary"].get("exclude")),
        ("license_file", config.get("license_file")),
    ):
        if named and not Path(named).is_file():
            raise UserError(f"{key} names {named}, which is no file: write it, or leave out {key}")
    _check_vectors(config)


def _check_place(source: Config) -> None:
    """Raise UserError where a table that is in an object store is none that is read from there."""
    if not store.is_place(source.get("path", "")):
        return
    if source["kind"] != "parquet":
        raise UserError(
            "source.path is in an object store, from which Parquet alone is read: write the table "
            "as Parquet, with source.kind parquet, or copy it here"
        )
    store.check_place(source["path"])


def _check_vectors(config: Config) -> None:
    """Raise UserError unless word vectors, if there are any, can be trained with."""
    if "vectors" not in config:
        return
    if ("path" in config["vectors"]) == ("package" in config["vectors"]):
        raise UserError("vectors: set one of path, a file, and package, an npm package")
    if config["trainer"] != "python":
        raise UserError(
            f"vectors: the trainer {config['trainer']} knows none: set trainer to python, or leave "
            "out vectors"
        )


def vectors_file(named: Config) -> str:
    """Return the path of the file of word vectors that the configuration has ``named``.

    An npm package's is of its own name, where ``make vectors`` puts it.
    """
    if "path" in named:
        path: str = named["path"]
        return path
    package = named["package"]
    return f"{VECTORS_FOLDER}/node_modules/{package}/{package.rpartition('/')[2]}.json"


def vectors_package(named: Config) -> tuple[str, str | None]:
    """Return the version and the license of the npm package of word vectors, by its lock file.

    Raises UserError where that does not bring the package.
    """
    path, package = Path(VECTORS_LOCK), named["package"]
    locked = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = locked.get("packages", {}).get(f"node_modules/{package}")
    if not found:
        raise UserError(
            f"vectors.package names {package}, which {VECTORS_LOCK} does not have: npm --prefix "
            f"{VECTORS_FOLDER} install --save-exact {package} writes it"
        )
    return found["version"], found.get("license")


def check_vectors_license(named: Config) -> None:
    """Raise UserError unless the license of an npm package is ``named`` as its lock has it."""
    if "package" not in named:
        return
    _, license = vectors_package(named)
    if license and named.get("license") != license:
        raise UserError(
            f"vectors.license is {named.get('license', 'not set')}, but {VECTORS_LOCK} says "
            f"{license} of {named['package']}: set that"
        )


def _check_split(config: Config) -> None:
    """Raise UserError unless the keys that say what the test part is agree."""
    split, by = config["split"], split_by(config["source"], config["split"])
    has_column = "split" in config["source"] or config["source"]["kind"] not in TABLES
    if by == THRESHOLD and "threshold" not in split:
        raise UserError(
            "split.threshold is missing: rows from it on are the test part. To have that drawn by "
            "a hash of each text, leave out source.split"
        )
    if by == THRESHOLD and not has_column:
        raise UserError(
            "split.threshold divides rows by a column: name it as source.split, or leave out "
            "split.threshold, and the test part is drawn by a hash of each text"
        )
    if by == NAMES and not has_column:
        raise UserError(
            "split.by is names, but source.split names no column with train, validation and test"
        )
    if by != THRESHOLD and "threshold" in split:
        raise UserError(f"split.threshold has no meaning where split.by is {by}: leave out one")
    if by == HASH and "split" in config["source"]:
        raise UserError("source.split has no meaning where split.by is hash: leave out one of them")
    if by != HASH and split["test"] != TEST_SHARE:
        raise UserError(
            "split.test is the share that is drawn by a hash of each text: leave it out, or leave "
            "out source.split and split.threshold"
        )
    value = split.get("threshold")
    if isinstance(value, str) and columns.to_seconds(value) is None:
        mend = _as_yaml(value) or "write a number, or an ISO date or timestamp, as 2024-01-31"
        raise UserError(f"split.threshold is {value!r}. {mend}")


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
    """Return the files that the configuration names. Raises ValueError if odd."""
    optional = [config.get("vocabulary", {}).get("exclude"), config.get("license_file")]
    named = [config["text"]["recipe"], *filter(None, optional)]
    for path in named:
        if not isinstance(path, str):
            raise ValueError(f"{path!r:.60} is no path")
    return named


def recipe_file(named: str) -> str:
    """Return the path of the text recipe: the project's own, or else the one of the tool."""
    return tool.path(TEXT) if named == TEXT and not Path(TEXT).exists() else named


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
    built = {key: value for key, value in config.items() if key not in (*PUBLICATION, *RUNNING)}
    for part in ("source", "vectors"):
        if part in built:
            built[part] = {k: v for k, v in config[part].items() if k not in LOCATIONS}
    return json.dumps(built, sort_keys=True, separators=(",", ":"))


def source_files(source: Config) -> list[str]:
    """Return the files of the user's table: with a database the log that a writer left.

    None where it is in an object store.
    """
    path = source["path"]
    if store.is_place(path):
        return []
    if source["kind"] == "parquet" and Path(path).is_dir():
        return sorted(each.as_posix() for each in Path(path).rglob("*.parquet")) or [path]
    # SQLite keeps it beside the file itself, not beside a link to it.
    log = f"{os.path.realpath(path) if Path(path).is_symlink() else path}-wal"
    return [path, log] if source["kind"] == "sqlite" and Path(log).exists() else [path]


def source_words(source: Config, split: Config) -> list[str]:
    """Return how the command of fetch_source ends for a user's table.

    For another kind of source it is empty: there Snakemake itself knows what a rule was run with,
    and no file that it does not make can be missing.
    """
    if source["kind"] not in TABLES:
        return []
    words = [source["kind"]]
    for key in WORDS:
        if key in source:
            words += [f"--{key}", source[key]]
    words += ["--split-form", split_form(source, split)]
    words += ["--labels", *map(str, source.get("labels", []))]
    words += ["--rename-labels", json.dumps(source.get("rename_labels", {}), sort_keys=True)]
    if "label_separator" in source:
        words += ["--label-separator", source["label_separator"]]
    if "columns" in source:
        words += ["--columns", *source["columns"]]
    if store.is_place(source["path"]):
        words += ["--files", STORED]
    return [*words, "--validation-by", split["validation_by"]]


def node_settings(
    name: str, source: Config, split: Config, text: Config, vocabulary: Config, model: Config
) -> str:
    """Return what of a configuration Node.js trains by, as a configuration in JSON."""
    value = {
        "name": name,
        # The schema asks for one.
        "title": name,
        "source": source,
        "split": split,
        "text": {**text, "recipe": recipe_file(text["recipe"])},
        "vocabulary": vocabulary,
        "model": model,
    }
    return json.dumps(value, sort_keys=True)


def rare_words(source: Config) -> list[str]:
    """Return the options of split_posts that say what becomes of rare labels."""
    return [
        word
        for key in ("min_posts", "rare_labels")
        if key in source
        for word in (f"--{key.replace('_', '-')}", str(source[key]))
    ]


def split_form(source: Config, split: Config) -> str:
    """Return what source.split holds, as provender.sources.columns calls it."""
    by = split_by(source, split)
    if by == THRESHOLD:
        return columns.DATE if isinstance(split["threshold"], str) else columns.NUMBER
    return columns.NAMES if by == NAMES else columns.NONE


def split_by(source: Config, split: Config) -> str:
    """Return how the test part is told: what split.by says, or else what the keys mean."""
    said: str | None = split.get("by")
    if said:
        return said
    if "threshold" in split or source["kind"] not in TABLES:
        return THRESHOLD
    return NAMES if "split" in source else HASH


def split_values(source: Config, split: Config) -> str:
    """Return what the split values tell of each row, as provender.sources.columns calls it.

    Where the source is no table they are made up, and tell nothing.
    """
    return split_form(source, split) if source["kind"] in TABLES else columns.NONE


def describe_test(source: Config, split: Config) -> str:
    """Return in words what rows the test split holds."""
    if source["kind"] not in TABLES:
        return MADE_UP[source["kind"]]
    return {
        THRESHOLD: f"the rows whose split value is at least {split.get('threshold')}",
        NAMES: "the rows that the data themselves name as its",
        HASH: f"a share of {split['test']:g} of the texts, drawn by a hash of each",
    }[split_by(source, split)]


def language(config: Config) -> str | None:
    """Return the language of the texts, where it is known."""
    # Both corpora that come with the project are English.
    known = None if config["source"]["kind"] in TABLES else "en"
    said: str | None = config.get("language", known)
    return said


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
    if error.validator == "type" and isinstance(found, datetime.date):
        # YAML's own dates are of a type that DVC can't record.
        return [f'{place} is {found}, a date: write it in quotes, "{found.isoformat()}"']
    if error.validator == "type" and isinstance(found, str) and (mend := _as_yaml(found)):
        return [f"{place} is {found!r}. {mend}"]
    return [f"{place or 'it'}: {error.message}"]


def _as_yaml(number: str) -> str:
    """Return how to write a number that YAML takes for text; empty if it is none."""
    if not EXPONENT.fullmatch(number):
        return ""
    # YAML 1.1 wants a point and a sign.
    digits, exponent = number.lower().split("e")
    sign = "" if exponent[0] in "+-" else "+"
    written = f"{digits if '.' in digits else f'{digits}.0'}e{sign}{exponent}"
    return f"YAML takes it for text: write {float(number)!r}, or {written}"


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
