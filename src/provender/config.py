"""Read, lay over each other and check configurations."""

import difflib
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from provender.errors import UserError

Config = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "config/config.yaml"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"

# Where things lie on one machine: the digests of what lies there are what counts.
LOCATIONS = ("archives", "url", "path")


def read(*paths: str | Path) -> Config:
    """Read YAML files, lay each over the ones before, and check the result."""
    config: Config = {}
    for path in paths:
        try:
            value = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(f"there is no configuration file {path}") from error
        except yaml.YAMLError as error:
            raise UserError(f"{path} is not valid YAML: {error}") from error
        if not isinstance(value, dict):
            raise UserError(f"{path} holds no keys with values: see {DEFAULT} for an example")
        _lay_over(config, value)
    check(config)
    return config


def check(config: Config) -> None:
    """Raise UserError, naming every fault and its mend, unless ``config`` fits the schema."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    # The schema library reports each missing key of a group anew for every one of them.
    faults = list(dict.fromkeys(fault for error in errors for fault in _describe(error)))
    if faults:
        raise UserError("the configuration is wrong:\n" + "\n".join(f"  {f}" for f in faults))
    recipe = Path(config["text"]["recipe"])
    if not recipe.is_file():
        raise UserError(f"text.recipe names {recipe}, which is no file")


def check_in_snakefile(config: Config) -> None:
    """Like :func:`check`, ending Snakemake without the stack trace that it would print."""
    try:
        check(config)
    except UserError as error:
        sys.exit(f"error: {error}")


def identity(config: Config) -> str:
    """Return as canonical JSON what of ``config`` a build depends on, without locations."""
    source = {key: value for key, value in config["source"].items() if key not in LOCATIONS}
    return json.dumps({**config, "source": source}, sort_keys=True, separators=(",", ":"))


def archive(config: Config) -> str:
    """Return the archive to read: the first place that exists, else the first of all."""
    places = config["source"]["archives"]
    return next((place for place in places if Path(place).exists()), places[0])


def database_files(config: Config) -> list[str]:
    """Return the user's database and, where a writer left one, its write-ahead log."""
    path = config["source"]["path"]
    log = f"{path}-wal"
    return [path, log] if Path(log).exists() else [path]


def _lay_over(below: Config, above: Config) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def _describe(error: jsonschema.ValidationError) -> list[str]:
    place = ".".join(str(part) for part in error.absolute_path)
    within = f"{place}." if place else ""
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        return [
            f"{within}{key} is not a key: {_nearest(str(key), known)}"
            for key in error.instance
            if key not in known
        ]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        kind = error.instance.get("kind")
        needed = f" for source.kind {kind}" if kind else ""
        return [f"{within}{key} is missing{needed}" for key in missing]
    if error.validator == "enum":
        known = [str(value) for value in error.validator_value]
        return [f"{place} is {error.instance!r}: {_nearest(str(error.instance), known)}"]
    return [f"{place or 'it'}: {error.message}"]


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
