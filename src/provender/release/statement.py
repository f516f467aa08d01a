"""The statement of a release: in-toto Statement v1 with the SLSA provenance v1 predicate.

The rules of both formats are those of their published specifications (in-toto attestation
framework v1, SLSA v1.0, provenance); those of this project's own build type stand in
docs/build-type.md. A statement comes from anyone, so nothing of it is believed unchecked.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from provender.errors import UserError

Statement = dict[str, Any]
Descriptor = dict[str, Any]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"

# Names that nobody else can hold: the project has no address of its own to build them on.
NAMESPACE = "urn:uuid:1cf2ad2f-9794-4550-bdce-d8467ff2e957"
BUILD_TYPE = f"{NAMESPACE}#provender/build/v1"
BUILDER = f"{NAMESPACE}#provender/publishers-machine/v1"

# What the folder of a release holds besides what the statement names.
STATEMENT = "provenance.intoto.json"
ENVELOPE = "provenance.dsse.json"
RUN = "run.json"
BUNDLE = "bundle"

# External parameters: all that the publisher chose.
PARAMETERS = {"name": str, "version": str, "configuration": list, "settings": dict, "target": str}

# Among the dependencies: the project, and the tool where that is another repository.
SOURCE = "source"
TOOL = "tool"

# By-products that stand in the statement itself.
METRICS = "metrics"
CANARIES = "canaries"
JSON_TYPE = "application/json"

# A statement of this project takes 40 kB.
MAX_BYTES = 16 << 20

# Faults that are named; a file of another kind could have one a line.
SHOWN = 20

HEX_DIGITS = {"sha256": (64,), "md5": (32,), "gitCommit": (40, 64), "gitTree": (40, 64)}
HEX = re.compile(r"[0-9a-f]+")
# A scheme, and no white space: what RFC 3986 asks at the least of an absolute URI.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

Faults = Iterator[str]


class StatementError(UserError):
    """Something that is no statement of a release; the message names every fault."""


def parse(data: bytes) -> Statement:
    """Return the statement that ``data`` holds. Raises StatementError unless all is right."""
    value = read_json(data, "the statement")
    found = [*faults(value)]
    if found:
        raise StatementError(
            "\n  ".join(["the statement breaks the rules of its format:", *found[:SHOWN]])
        )
    statement: Statement = value
    return statement


def read_json(data: bytes, what: str) -> Any:
    """Return the JSON that ``data`` holds, calling it ``what`` in a StatementError.

    Stricter than :func:`json.loads`: what two readers could take for different values, such
    as a key that stands there twice, is refused.
    """
    if len(data) > MAX_BYTES:
        raise StatementError(f"{what} has {len(data):,} bytes; {MAX_BYTES:,} are the most")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number
        )
        # A lone surrogate, which no UTF-8 can hold.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise StatementError(f"{what} is no JSON: {error}") from error
    return value


def faults(value: Any) -> Faults:
    """Give, in words, each place where ``value`` breaks the rules of its format."""
    if not isinstance(value, dict):
        yield "it is no object"
        return
    yield from _constant(value, "_type", STATEMENT_TYPE)
    yield from _constant(value, "predicateType", PREDICATE_TYPE)
    yield from _subjects(value.get("subject"))
    if isinstance(value.get("predicate"), dict):
        yield from _predicate(value["predicate"])
    else:
        yield "predicate is no object"


def subjects(statement: Statement) -> dict[str, str]:
    """Return the sha256 digest of each file of the release by its path."""
    return {item["name"]: item["digest"]["sha256"] for item in statement["subject"]}


def dependencies(statement: Statement) -> dict[str, Descriptor]:
    """Return what the build was made from by its name."""
    return _by_name(statement["predicate"]["buildDefinition"]["resolvedDependencies"])


def byproducts(statement: Statement) -> dict[str, Descriptor]:
    """Return what the build wrote besides what is released by its name."""
    return _by_name(statement["predicate"]["runDetails"]["byproducts"])


def parameters(statement: Statement) -> dict[str, Any]:
    """Return the external parameters of the build."""
    found: dict[str, Any] = statement["predicate"]["buildDefinition"]["externalParameters"]
    return found


def embed(name: str, value: Any) -> Descriptor:
    """Return a descriptor that holds a value itself, as JSON."""
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    content = base64.b64encode(data.encode()).decode()
    return {"name": name, "mediaType": JSON_TYPE, "content": content}


def content(descriptor: Descriptor) -> Any:
    """Return the value that a descriptor holds."""
    return read_json(base64.b64decode(descriptor["content"]), descriptor["name"])


def is_safe_path(name: str) -> bool:
    """Tell whether ``name`` is a file below the folder that it is joined to, everywhere."""
    parts = PurePosixPath(name).parts
    return (
        name == "/".join(parts)
        and name.isprintable()
        and not name.startswith("/")
        and ".." not in parts
        and not re.search(r'[\\:*?"<>|]', name)
    )


def _by_name(descriptors: list[Descriptor]) -> dict[str, Descriptor]:
    return {item["name"]: item for item in descriptors}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _constant(value: dict[str, Any], key: str, expected: str) -> Faults:
    if value.get(key) != expected:
        yield f"{key} is {value.get(key)!r:.100}, not {expected}"


def _subjects(value: Any) -> Faults:
    yield from _descriptors(value, "subject", needs_digest=True)
    if not isinstance(value, list) or not value:
        yield "subject names nothing"
        return
    for place, item in enumerate(value):
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("name"), str) and not is_safe_path(item["name"]):
            yield f"subject[{place}].name is no path within the release: {item['name']!r:.100}"
        if isinstance(item.get("digest"), dict) and "sha256" not in item["digest"]:
            yield f"subject[{place}].digest has no sha256"


def _predicate(value: dict[str, Any]) -> Faults:
    definition = _part(value, "buildDefinition")
    yield from definition if isinstance(definition, list) else _definition(definition)
    details = _part(value, "runDetails")
    yield from details if isinstance(details, list) else _details(details)


def _definition(value: dict[str, Any]) -> Faults:
    yield from _constant(value, "buildType", BUILD_TYPE)
    if isinstance(value.get("externalParameters"), dict):
        yield from _external_parameters(value["externalParameters"])
    else:
        yield "externalParameters is no object"
    if not isinstance(value.get("internalParameters", {}), dict):
        yield "internalParameters is no object"
    found = value.get("resolvedDependencies")
    yield from _descriptors(found, "resolvedDependencies", needs_digest=True)
    source = [
        item
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict) and item.get("name") == SOURCE
    ]
    digest = source[0].get("digest") if source else None
    if not isinstance(digest, dict) or not {"gitCommit", "gitTree"} <= digest.keys():
        yield f"resolvedDependencies has no {SOURCE} with gitCommit and gitTree"


def _external_parameters(value: dict[str, Any]) -> Faults:
    """A verifier must know every parameter that the publisher could set: no others."""
    for key, kind in PARAMETERS.items():
        if not isinstance(value.get(key), kind):
            yield f"externalParameters.{key} is no {NAMES[kind]}"
    for key in sorted(value.keys() - PARAMETERS.keys()):
        yield f"externalParameters.{key} is not known to this build type"
    paths = value.get("configuration")
    for path in paths if isinstance(paths, list) else []:
        if not isinstance(path, str) or not is_safe_path(path):
            yield f"externalParameters.configuration names no path: {path!r:.100}"


def _details(value: dict[str, Any]) -> Faults:
    builder = _part(value, "builder")
    yield from builder if isinstance(builder, list) else _builder(builder)
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        yield "metadata is no object"
    else:
        if not isinstance(metadata.get("invocationId", ""), str):
            yield "metadata.invocationId is no text"
        for key in ("startedOn", "finishedOn"):
            time = metadata.get(key)
            if key in metadata and not (isinstance(time, str) and TIMESTAMP.fullmatch(time)):
                yield f"metadata.{key} is no time as RFC 3339 writes it"
    found = value.get("byproducts")
    yield from _descriptors(found, "byproducts")
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict) and item.get("name") in (METRICS, CANARIES):
            yield from _embedded(item)


def _embedded(item: Descriptor) -> Faults:
    if not isinstance(item.get("content"), str) or not _is_base64(item["content"]):
        yield f"byproducts: {item['name']} has no content"
        return
    try:
        value = content(item)
    except StatementError as error:
        yield f"byproducts: {error}"
        return
    if item["name"] == METRICS and not isinstance(value, dict):
        yield f"byproducts: {METRICS} is no object"
    if item["name"] == CANARIES and not (
        isinstance(value, list) and value and all(map(_is_canary, value))
    ):
        yield f"byproducts: {CANARIES} is no list of texts with scores"


def _is_canary(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return False
    scores = value.get("scores")
    return (
        isinstance(scores, dict)
        and len(scores) > 0
        and all(type(score) in (int, float) and 0 <= score <= 1 for score in scores.values())
    )


def _builder(value: dict[str, Any]) -> Faults:
    if not _is_uri(value.get("id")):
        yield f"builder.id is no URI: {value.get('id')!r:.100}"
    versions = value.get("version", {})
    if not isinstance(versions, dict) or not all(isinstance(v, str) for v in versions.values()):
        yield "builder.version is no object of texts"
    if "builderDependencies" in value:
        yield from _descriptors(value["builderDependencies"], "builderDependencies")


def _descriptors(value: Any, where: str, needs_digest: bool = False) -> Faults:
    """Resource descriptors, as in-toto defines them; here each has a name of its own."""
    if not isinstance(value, list):
        yield f"{where} is no list"
        return
    names = set()
    for place, item in enumerate(value):
        if not isinstance(item, dict):
            yield f"{where}[{place}] is no object"
            continue
        yield from (f"{where}[{place}].{fault}" for fault in _descriptor(item, needs_digest))
        name = item.get("name")
        if isinstance(name, str):
            if name in names:
                yield f"{where} names {name!r:.100} twice"
            names.add(name)


def _descriptor(item: Descriptor, needs_digest: bool) -> Faults:
    if not isinstance(item.get("name"), str) or not item["name"]:
        yield "name is no text"
    if not item.keys() & {"uri", "digest", "content"}:
        yield "uri, digest and content: one of them must be there"
    if needs_digest and "digest" not in item:
        yield "digest is missing"
    checks: dict[str, tuple[Callable[[Any], bool], str]] = {
        "uri": (_is_uri, "is no URI"),
        "downloadLocation": (_is_uri, "is no URI"),
        "mediaType": (lambda value: isinstance(value, str), "is no text"),
        "content": (_is_base64, "is no base64"),
        "annotations": (lambda value: isinstance(value, dict), "is no object"),
    }
    for key, (is_right, problem) in checks.items():
        if key in item and not is_right(item[key]):
            yield f"{key} {problem}"
    if "digest" in item:
        yield from _digest(item["digest"])


def _digest(value: Any) -> Faults:
    if not isinstance(value, dict) or not value:
        yield "digest is no object with a digest"
        return
    for algorithm, digits in value.items():
        lengths = HEX_DIGITS.get(algorithm)
        if not isinstance(digits, str) or not HEX.fullmatch(digits):
            yield f"digest.{algorithm:.20} is not written in lower-case hexadecimal digits"
        elif lengths and len(digits) not in lengths:
            yield f"digest.{algorithm} has {len(digits)} digits, not {lengths[0]}"


def _part(value: dict[str, Any], key: str) -> dict[str, Any] | list[str]:
    """Return an object's part that is an object, or the fault that it is none."""
    part = value.get(key)
    return part if isinstance(part, dict) else [f"{key} is no object"]


def _is_uri(value: Any) -> bool:
    return isinstance(value, str) and URI.fullmatch(value) is not None


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


NAMES = {str: "text", list: "list", dict: "object"}
