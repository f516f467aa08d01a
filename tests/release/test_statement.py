"""Statements: what breaks the formats' rules is named, and the formats' own readers agree."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement as official
from in_toto_attestation.v1 import statement_pb2
from releases import Release

from provender.release import statement
from provender.release.statement import STATEMENT, StatementError

DIGEST = "a" * 64
COMMIT = "b" * 40
CANARY = {"text": "", "scores": {"yes": 0.25, "no": 0.75}}


@pytest.fixture
def value() -> dict[str, Any]:
    """Return the smallest statement that has everything."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "bundle/index.html", "digest": {"sha256": DIGEST}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": statement.BUILD_TYPE,
                "externalParameters": {
                    "name": "small",
                    "version": "1.0.0",
                    "configuration": ["config/config.yaml"],
                    "settings": {},
                    "target": "all",
                },
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": COMMIT, "gitTree": COMMIT}}
                ],
            },
            "runDetails": {
                "builder": {"id": statement.BUILDER, "version": {"python": "3.11.7"}},
                "byproducts": [
                    statement.embed("metrics", {"test": {}}),
                    statement.embed("canaries", [CANARY]),
                ],
            },
        },
    }


def parse(value: Any) -> statement.Statement:
    """Parse a value as a file that holds it."""
    return statement.parse(json.dumps(value).encode())


def test_what_is_right(value: dict[str, Any]) -> None:
    """A statement that has everything is taken, with fields of later editions too."""
    value["predicate"]["runDetails"]["metadata"] = {
        "invocationId": "1",
        "startedOn": "2026-01-02T03:04:05Z",
        "finishedOn": "2026-01-02T03:04:05.678+01:00",
    }
    value["predicate"]["later"] = {"subject": 1}
    value["subject"][0]["annotations"] = {"a": 1}
    value["subject"][0]["downloadLocation"] = "https://localhost/a"
    parsed = parse(value)
    assert parsed == value
    assert statement.subjects(parsed) == {"bundle/index.html": DIGEST}
    assert list(statement.dependencies(parsed)) == ["source"]
    assert statement.parameters(parsed)["version"] == "1.0.0"
    assert statement.content(statement.byproducts(parsed)["canaries"]) == [CANARY]


def change(*keys: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return a function that sets the value at ``keys``, or removes it where ``to`` is None."""

    def apply(value: Any) -> None:
        for key in keys[:-1]:
            value = value[key]
        if to is None:
            del value[keys[-1]]
        else:
            value[keys[-1]] = to

    return apply


DEFINITION = ("predicate", "buildDefinition")
DETAILS = ("predicate", "runDetails")
SUBJECT = {"name": "a", "digest": {"sha256": DIGEST}}


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (change("_type", to="https://in-toto.io/Statement/v0.1"), "_type is "),
        (change("predicateType", to=None), "predicateType is None"),
        (change("predicate", to=[]), "predicate is no object"),
        (change("subject", to=[]), "subject names nothing"),
        (change("subject", to={}), "subject is no list"),
        (change("subject", to=["a"]), "subject[0] is no object"),
        (change("subject", 0, "digest", to=None), "subject[0].digest is missing"),
        (change("subject", 0, "digest", to={}), "subject[0].digest is no object with a digest"),
        (
            change("subject", 0, "digest", to={"sha512": "ab"}),
            "subject[0].digest has no sha256",
        ),
        (
            change("subject", 0, "digest", "sha256", to=DIGEST.upper()),
            "subject[0].digest.sha256 is not written in lower-case hexadecimal digits",
        ),
        (
            change("subject", 0, "digest", "sha256", to="ab"),
            "subject[0].digest.sha256 has 2 digits, not 64",
        ),
        (change("subject", 0, "name", to=None), "subject[0].name is no text"),
        (change("subject", to=[SUBJECT, SUBJECT]), "subject names 'a' twice"),
        (change("subject", 0, "uri", to="no address"), "subject[0].uri is no URI"),
        (change("subject", 0, "downloadLocation", to="a"), "downloadLocation is no URI"),
        (change("subject", 0, "mediaType", to=1), "mediaType is no text"),
        (change("subject", 0, "content", to="?"), "content is no base64"),
        (change("subject", 0, "annotations", to=[]), "annotations is no object"),
        (change(*DEFINITION, to=1), "buildDefinition is no object"),
        (change(*DEFINITION, "buildType", to="urn:other"), "buildType is 'urn:other'"),
        (change(*DEFINITION, "externalParameters", to=None), "externalParameters is no object"),
        (
            change(*DEFINITION, "externalParameters", "seed", to=1),
            "externalParameters.seed is not known to this build type",
        ),
        (
            change(*DEFINITION, "externalParameters", "version", to=1),
            "externalParameters.version is no text",
        ),
        (
            change(*DEFINITION, "externalParameters", "configuration", to=["/etc/passwd"]),
            "externalParameters.configuration names no path: '/etc/passwd'",
        ),
        (change(*DEFINITION, "internalParameters", to=[]), "internalParameters is no object"),
        (change(*DEFINITION, "resolvedDependencies", to=None), "resolvedDependencies is no list"),
        (
            change(*DEFINITION, "resolvedDependencies", 0, "name", to="other"),
            "resolvedDependencies has no source with gitCommit and gitTree",
        ),
        (
            change(*DEFINITION, "resolvedDependencies", 0, "digest", "gitCommit", to="main"),
            "digest.gitCommit is not written in lower-case hexadecimal digits",
        ),
        (change(*DETAILS, to=None), "runDetails is no object"),
        (change(*DETAILS, "builder", to=None), "builder is no object"),
        (change(*DETAILS, "builder", "id", to="me"), "builder.id is no URI: 'me'"),
        (change(*DETAILS, "builder", "version", to={"a": 1}), "builder.version is no object"),
        (change(*DETAILS, "builder", "builderDependencies", to=1), "builderDependencies is no"),
        (change(*DETAILS, "metadata", to=1), "metadata is no object"),
        (change(*DETAILS, "metadata", to={"invocationId": 1}), "metadata.invocationId is no text"),
        (
            change(*DETAILS, "metadata", to={"startedOn": "yesterday"}),
            "metadata.startedOn is no time",
        ),
        (change(*DETAILS, "byproducts", to=None), "byproducts is no list"),
        (change(*DETAILS, "byproducts", 0, to={"name": "a"}), "one of them must be there"),
        (
            change(*DETAILS, "byproducts", 0, to={"name": "metrics", "digest": {"md5": "0" * 32}}),
            "byproducts: metrics has no content",
        ),
        (
            change(*DETAILS, "byproducts", 0, to=statement.embed("metrics", [])),
            "byproducts: metrics is no object",
        ),
        (
            change(*DETAILS, "byproducts", 1, to=statement.embed("canaries", [{"text": "a"}])),
            "byproducts: canaries is no list of texts with scores",
        ),
        (
            change(*DETAILS, "byproducts", 1, "content", to="e30="),
            "byproducts: canaries is no list of texts with scores",
        ),
    ],
)
def test_what_is_wrong(
    value: dict[str, Any], edit: Callable[[dict[str, Any]], None], fault: str
) -> None:
    """Each fault is named with its place."""
    edit(value)
    with pytest.raises(StatementError) as caught:
        parse(value)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../../b",
        "/a",
        "a//b",
        "./a",
        "a/",
        "",
        "a\\b",
        "C:a",
        "a\nb",
        "a\0",
        "a/./b",
        "..",
    ],
)
def test_names_stay_in_the_release(value: dict[str, Any], name: str) -> None:
    """A subject whose path could lead out of the release, on any system, is refused."""
    value["subject"][0]["name"] = name
    with pytest.raises(StatementError, match=r"subject\[0\].name is no"):
        parse(value)


def test_all_faults_are_named_at_once(value: dict[str, Any]) -> None:
    """One does not hide another."""
    del value["_type"], value["subject"], value["predicate"]["runDetails"]
    with pytest.raises(StatementError) as caught:
        parse(value)
    assert [line.split(" ")[2] for line in str(caught.value).splitlines()[1:]] == [
        "_type",
        "subject",
        "subject",
        "runDetails",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"a": 1, "a": 2}', "a key stands twice in one object"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b"\xff", "can't decode byte"),
        (b"", "Expecting value"),
        (b"[" * 100_000, "recursion"),
        (b'{"a": ' + b"1" * 5000 + b"}", "integer string conversion"),
        (b" " * (statement.MAX_BYTES + 1), "16,777,216 are the most"),
    ],
)
def test_json_that_readers_could_take_differently(data: bytes, problem: str) -> None:
    """It is refused, and nothing that is no JSON gets through."""
    with pytest.raises(StatementError) as caught:
        statement.parse(data)
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_the_official_readers_agree(released: Release) -> None:
    """The formats' own protobufs read a release's statement and find nothing wrong."""
    text = (released.folder / STATEMENT).read_text(encoding="utf-8")
    message = json_format.Parse(text, statement_pb2.Statement())
    official.Statement.copy_from_pb(message).validate()
    value = statement.parse(text.encode())
    assert [subject.name for subject in message.subject] == list(statement.subjects(value))
    # No unknown field is passed over: this raises for one.
    provenance = json_format.ParseDict(value["predicate"], provenance_pb2.Provenance())
    assert provenance.build_definition.build_type == statement.BUILD_TYPE
    assert provenance.run_details.builder.id == statement.BUILDER
    dependencies = {item.name: item for item in provenance.build_definition.resolved_dependencies}
    assert dependencies["source"].digest["gitCommit"]
