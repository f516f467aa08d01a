"""Configurations: laid over each other, and refused with what to mend."""

import copy
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, SMALL_CONFIG

from provender import config as configuration
from provender.errors import UserError

Config = dict[str, Any]


@pytest.fixture(autouse=True)
def in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where the configuration's own paths lead to files."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def config() -> Config:
    """Return a configuration without faults: the small one, with the defaults."""
    schema = configuration.read_schema(configuration.SCHEMA)
    return configuration.combine([copy.deepcopy(SMALL_CONFIG)], schema)


def write(path: Path, text: str) -> Path:
    """Write a YAML file."""
    path.write_text(text, encoding="utf-8")
    return path


def refused(config: Config) -> list[str]:
    """Return the faults that are found, each a line."""
    with pytest.raises(UserError) as caught:
        configuration.check(config)
    first, *faults = str(caught.value).splitlines()
    assert first == "the configuration is wrong:"
    return [fault.removeprefix("  ") for fault in faults]


@pytest.mark.parametrize("name", ["config.yaml", "offline.yaml"])
def test_own_configurations(name: str) -> None:
    """The configurations that come with the project fit, alone or over the default."""
    found = configuration.read("config/config.yaml", f"config/{name}")
    assert found == configuration.read(f"config/{name}")
    own = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    assert found["name"] == own["name"]


def test_what_is_for_newsgroups_is_for_no_other_source(tmp_path: Path) -> None:
    """Texts of one's own are not stripped, and get the schema's defaults."""
    own = {key: SMALL_CONFIG[key] for key in ("name", "title", "source", "split")}
    path = write(tmp_path / "own.yaml", yaml.safe_dump(own))
    found = configuration.read("config/config.yaml", path)
    assert found["source"] == own["source"]
    assert found["text"] == {
        "recipe": "config/text.yaml",
        "strip": [],
        "augment": [],
        "grams": {
            "sizes": [1, 2, 3],
            "scripts": ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"],
            "words": [2, 3, 4, 5],
            "pairs": True,
        },
        "language": "any",
        "marks": "keep",
    }
    assert found["version"] == "0.1.0"
    assert found["split"] == {**own["split"], "validation_by": "hash", "test": 0.2}
    assert found["model"]["max_words"] == 1000
    more = write(tmp_path / "more.yaml", "model: {epochs: 7}\n")
    assert configuration.read("config/config.yaml", path, more)["model"]["epochs"] == 7


TABLES = "sqlite or csv or jsonl or parquet"


def test_the_kind_left_out(tmp_path: Path) -> None:
    """A table of one's own without source.kind is not read as newsgroups."""
    own = copy.deepcopy(SMALL_CONFIG)
    del own["source"]["kind"]
    path = write(tmp_path / "own.yaml", yaml.safe_dump(own))
    with pytest.raises(UserError) as caught:
        configuration.read("config/config.yaml", path)
    _, *faults = str(caught.value).splitlines()
    assert sorted(faults) == [
        f"  source.{key} has no meaning for kind newsgroups; set source.kind to {kinds}, or leave "
        f"out {key}"
        for key, kinds in (
            ("label", TABLES),
            ("path", TABLES),
            ("split", TABLES),
            ("table", "sqlite"),
            ("text", TABLES),
        )
    ]


def test_defaults_fit_the_schema() -> None:
    """A default that the schema itself refuses would be told of as the user's."""
    schema = configuration.read_schema(configuration.SCHEMA)
    found = configuration.defaults(schema)
    place = ("properties", "model", "properties", "epochs", "default")
    assert found["model", "epochs"] == (place, 6)
    own = {key: SMALL_CONFIG[key] for key in ("name", "title", "source", "split")}
    configuration.check(configuration.combine([own], schema))


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("modle", {}, "modle is not a key: did you mean model?"),
        (
            "model.max_word",
            3,
            "model.max_word is not a key: did you mean max_words?",
        ),
        (
            "model.share",
            2,
            "model.share is 2, but should be: auto, or a number from 0 to 1: how much of the model "
            "is naive Bayes, which is right where texts are long and few; the rest are classifiers "
            "of each label against the others, which are right where texts are short or many. auto "
            "takes what is best on parts of the training split.",
        ),
        ("model.epoch", 3, "model.epoch is not a key: did you mean epochs?"),
        (
            "vocabulary.qqq",
            3,
            "vocabulary.qqq is not a key: there are size, min_count, piece_min_count, exclude",
        ),
        ("source.kind", "sqlit", "source.kind is 'sqlit': did you mean sqlite?"),
        (
            "source.kind",
            "xlsx",
            "source.kind is 'xlsx': there are newsgroups, sqlite, csv, jsonl, parquet, docstrings",
        ),
        ("text.strip", ["header"], "text.strip.0 is 'header': did you mean headers?"),
        ("model.epochs", "2", "model.epochs: '2' is not of type 'integer'"),
        (
            "model.smoothing",
            "1e-3",
            "model.smoothing is '1e-3'. YAML takes it for text: write 0.001, or 1.0e-3",
        ),
        (
            "model.power",
            "4e1",
            "model.power is '4e1'. YAML takes it for text: write 40.0, or 4.0e+1",
        ),
        (
            "split.threshold",
            datetime.date(2023, 1, 1),
            'split.threshold is 2023-01-01, a date: write it in quotes, "2023-01-01"',
        ),
        (
            "split.threshold",
            datetime.datetime(2023, 1, 1, 12, tzinfo=datetime.UTC),
            "split.threshold is 2023-01-01 12:00:00+00:00, a date: write it in quotes, "
            '"2023-01-01T12:00:00+00:00"',
        ),
        ("model.epochs", 0, "model.epochs: 0 is less than the minimum of 1"),
        (
            "model.smoothing",
            0,
            "model.smoothing: 0 is less than or equal to the minimum of 0",
        ),
        ("model.seed", 2**32, "model.seed: 4294967296 is greater than the maximum of 4294967295"),
        (
            "name",
            "Small",
            "name is 'Small', but should be: Name of the classifier, of a-z, 0-9 and -; the npm "
            "package is called <name>-classifier.",
        ),
        (
            "title",
            "two\nlines",
            r"title is 'two\nlines', but should be: What the model was trained on, for people, in "
            "one line; shown on the page.",
        ),
        ("source.table", "", "source.table: '' should be non-empty"),
        ("split", 3, "split: 3 is not of type 'object'"),
    ],
)
def test_faults(config: Config, place: str, value: object, fault: str) -> None:
    """A fault is named by its place, with the nearest name that there is."""
    *parents, key = place.split(".")
    part = config
    for parent in parents:
        part = part[parent]
    part[key] = value
    assert refused(config) == [fault]


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("title", "title is missing"),
        ("source.table", "source.table is missing for source.kind sqlite"),
    ],
)
def test_missing_keys(config: Config, place: str, fault: str) -> None:
    """What is missing is named once, with the kind of source that asks for it."""
    *parents, key = place.split(".")
    part = config
    for parent in parents:
        part = part[parent]
    del part[key]
    assert refused(config) == [fault]


@pytest.mark.parametrize(
    ("source", "split", "fault"),
    [
        ({}, {"threshold": "soon"}, "split.threshold is 'soon'. write a number, or an ISO date or"),
        (
            {},
            {"threshold": "2e3"},
            "split.threshold is '2e3'. YAML takes it for text: write 2000.0",
        ),
        ({}, {"by": "threshold"}, "split.threshold is missing: rows from it on are the test part"),
        ({}, {"by": "hash"}, "source.split has no meaning where split.by is hash"),
        (
            {},
            {"by": "names", "threshold": 3},
            "split.threshold has no meaning where split.by is na",
        ),
        ({}, {"threshold": 3, "test": 0.5}, "split.test is the share that is drawn by a hash"),
        ({"split": None}, {"threshold": 3}, "split.threshold divides rows by a column: name it as"),
        ({"split": None}, {"by": "names"}, "split.by is names, but source.split names no column"),
    ],
)
def test_keys_of_a_split_that_do_not_fit(
    config: Config, source: Config, split: Config, fault: str
) -> None:
    """The message says which key to leave out or to add."""
    config["source"].update(source)
    if config["source"]["split"] is None:
        del config["source"]["split"]
    config["split"] = {"validation_by": "hash", "test": 0.2, **split}
    with pytest.raises(UserError) as caught:
        configuration.check(config)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize(
    ("column", "split", "by", "form"),
    [
        ("year", "{threshold: 1995}", "threshold", "number"),
        ("day", '{threshold: "2024-01-31"}', "threshold", "date"),
        ("day", '{threshold: "2024-01-31T12:00:00+02:00"}', "threshold", "date"),
        ("part", "{}", "names", "names"),
        (None, "{}", "hash", "none"),
        (None, "{by: hash, test: 0.3}", "hash", "none"),
    ],
)
def test_how_the_test_part_is_told(
    config: Config, tmp_path: Path, column: str | None, split: str, by: str, form: str
) -> None:
    """What need not be said follows from what is."""
    del config["split"], config["source"]["split"]
    config["source"].update({"split": column} if column else {})
    path = write(tmp_path / "own.yaml", yaml.safe_dump(config) + f"split: {split}\n")
    read = configuration.read(path)
    assert configuration.split_by(read["source"], read["split"]) == by
    assert configuration.split_form(read["source"], read["split"]) == form


def test_years_that_were_made_up() -> None:
    """Those of the corpora that come along tell nothing of time; what a table has may."""
    own = {"split": {"threshold": 1990, "test": 0.2}}
    for kind in ("newsgroups", "docstrings"):
        made_up = {**own, "source": {"kind": kind}}
        assert configuration.split_values(**made_up) == "none"
        told = configuration.describe_test(**made_up)
        assert "are no dates: they were drawn from a hash" in told
    table = {**own, "source": {"kind": "csv", "split": "sent"}}
    assert configuration.split_values(**table) == "number"
    assert configuration.describe_test(**table).endswith("split value is at least 1990")
    dated = {**table, "split": {"threshold": "2023-05-01", "test": 0.2}}
    assert configuration.split_values(**dated) == "date"
    drawn = {"source": {"kind": "csv"}, "split": {"test": 0.25}}
    assert configuration.split_values(**drawn) == "none"
    assert configuration.describe_test(**drawn).startswith("a share of 0.25 of the texts, drawn by")


def test_all_faults_are_named_at_once(config: Config) -> None:
    """Nobody mends one fault a run."""
    del config["source"]["text"], config["source"]["label"]
    config["model"]["epochs"] = -1
    config["tittle"] = "x"
    assert sorted(refused(config)) == [
        "model.epochs: -1 is less than the minimum of 1",
        "source.label is missing for source.kind sqlite",
        "source.text is missing for source.kind sqlite",
        "tittle is not a key: did you mean title?",
    ]


def test_later_files_lie_over_earlier_ones(config: Config, tmp_path: Path) -> None:
    """Mappings are merged key by key; lists and values are replaced."""
    one = write(tmp_path / "one.yaml", yaml.safe_dump(config))
    two = write(tmp_path / "two.yaml", "model: {epochs: 7}\ntext: {strip: [quotes, footers]}\n")
    three = write(tmp_path / "three.yaml", "title: Third\ntext: {strip: [headers]}\n")
    expected = copy.deepcopy(config)
    expected["model"]["epochs"] = 7
    expected["text"]["strip"] = ["headers"]
    expected["title"] = "Third"
    assert configuration.read(one, two, three) == expected


def test_augmentation_that_was_not_asked_for(config: Config) -> None:
    """Who strips nothing of texts of their own is told to augment nothing, too."""
    config["text"] |= {"strip": [], "augment": [["headers"]]}
    with pytest.raises(UserError, match=r"set text\.augment to \[\] as well$"):
        configuration.check(config)
    config["text"]["augment"] = []
    configuration.check(config)


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "- a list\n", "a word\n"])
def test_files_without_keys(tmp_path: Path, text: str) -> None:
    """An empty file or a list says where an example is."""
    path = write(tmp_path / "file.yaml", text)
    with pytest.raises(UserError) as caught:
        configuration.read("config/config.yaml", path)
    expected = f"{path} holds no keys with values: see config/config.yaml for an example"
    assert str(caught.value) == expected


def test_yaml_errors(tmp_path: Path) -> None:
    """A message names the file and the line."""
    path = write(tmp_path / "file.yaml", "name: x\nmodel: {epochs: 2\n")
    with pytest.raises(UserError) as caught:
        configuration.read(path)
    assert str(caught.value).startswith(f"{path} is not valid YAML: while parsing a flow mapping")
    assert f'in "{path}"' not in str(caught.value)
    assert "line 2, column 8" in str(caught.value)


def test_a_key_that_is_there_twice(tmp_path: Path) -> None:
    """YAML takes the last one without a word; at whatever depth."""
    path = write(tmp_path / "file.yaml", "name: x\nmodel:\n  epochs: 2\n  seed: 1\n  epochs: 3\n")
    with pytest.raises(UserError) as caught:
        configuration.read(path)
    assert str(caught.value) == (
        f"{path} is not valid YAML: line 5: the key epochs is there twice: leave one"
    )


def test_a_list_of_words_that_is_not_there(config: Config) -> None:
    """The setting and the file are named."""
    config["vocabulary"]["exclude"] = "words.txt"
    with pytest.raises(
        UserError, match=r"^vocabulary\.exclude names words\.txt, which is no file: "
    ):
        configuration.check(config)


def test_word_vectors(config: Config) -> None:
    """The trainer must know them; where their file lies is no matter to a build."""
    config["vectors"] = {"path": "v.txt", "sha256": "0" * 64, "format": "text"}
    configuration.check(config)
    identity = json.loads(configuration.identity(config))
    assert identity["vectors"] == {"sha256": "0" * 64, "format": "text"}
    assert configuration.vectors_file(config["vectors"]) == "v.txt"
    configuration.check_vectors_license(config["vectors"])
    for keys in ({}, {"path": "v.txt", "package": "v"}):
        named = {"sha256": "0" * 64, "format": "text", **keys}
        with pytest.raises(UserError, match=r"^vectors: set one of path, a file, and package, an"):
            configuration.check({**config, "vectors": named})
    for trainer in ("node", "both"):
        with pytest.raises(
            UserError, match=rf"^vectors: the trainer {trainer} knows none: set trainer to python"
        ):
            configuration.check({**config, "trainer": trainer})


def test_word_vectors_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock tells version and license; the file has the package's own name."""
    named = {"package": "@some/words-50d"}
    assert configuration.vectors_file(named) == (
        "vectors/node_modules/@some/words-50d/words-50d.json"
    )
    monkeypatch.chdir(tmp_path)
    mend = "npm --prefix vectors install --save-exact @some/words-50d writes it"
    for content in (None, "{}", '{"packages": {"node_modules/words-50d": {"version": "1.0.0"}}}'):
        if content:
            (tmp_path / "vectors").mkdir(exist_ok=True)
            (tmp_path / "vectors/package-lock.json").write_text(content)
        with pytest.raises(UserError, match=mend):
            configuration.check_vectors_license(named)
    locked = {"node_modules/@some/words-50d": {"version": "1.2.0", "license": "MIT"}}
    (tmp_path / "vectors/package-lock.json").write_text(json.dumps({"packages": locked}))
    assert configuration.vectors_package(named) == ("1.2.0", "MIT")
    configuration.check_vectors_license({**named, "license": "MIT"})
    for given, said in (({}, "not set"), ({"license": "ISC"}, "ISC")):
        with pytest.raises(
            UserError, match=rf"vectors\.license is {said}, but .* says MIT of @some"
        ):
            configuration.check_vectors_license({**named, **given})


def test_a_license_that_is_not_there(config: Config, tmp_path: Path) -> None:
    """So it is with the file of a licence, which is among those that the configuration names."""
    config["license_file"] = str(tmp_path / "terms.txt")
    with pytest.raises(
        UserError, match=r"^license_file names .*terms\.txt, which is no file: write it, or leave"
    ):
        configuration.check(config)
    (tmp_path / "terms.txt").touch()
    configuration.check(config)
    assert configuration.named_files(config)[-1] == config["license_file"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The missing file is named, and only it."""
    with pytest.raises(UserError) as caught:
        configuration.read("config/config.yaml", tmp_path / "none.yaml")
    assert str(caught.value) == f"there is no configuration file {tmp_path}/none.yaml"


def test_in_the_snakefile(config: Config, tmp_path: Path) -> None:
    """Snakemake ends with the message, without a stack trace; a good one is made whole."""
    path = write(tmp_path / "own.yaml", yaml.safe_dump(SMALL_CONFIG))
    given = {"model": {"epochs": 3}}
    found = {"source": {"archives": ["newsgroups"]}}
    configuration.settle_in_snakefile(found, [path], given)
    config["model"]["epochs"] = 3
    assert found == config
    given["model"]["epochs"] = 0
    with pytest.raises(SystemExit) as caught:
        configuration.settle_in_snakefile(found, [path], given)
    assert caught.value.code == (
        "error: the configuration is wrong:\n  model.epochs: 0 is less than the minimum of 1"
    )


def test_identity_leaves_out_locations(config: Config) -> None:
    """Where a file lies does not count, and neither does the order of keys; all else does."""
    expected = configuration.identity(config)
    moved = {**config, "source": {**config["source"], "path": "elsewhere", "url": "http://x"}}
    moved = dict(reversed(moved.items()))
    moved["source"]["archives"] = ["elsewhere"]
    assert configuration.identity(moved) == expected
    assert "path" not in json.loads(expected)["source"]
    assert json.loads(expected)["source"]["table"] == "posts"
    other = {**config, "source": {**config["source"], "table": "other"}}
    assert configuration.identity(other) != expected
    assert configuration.identity({**config, "version": "9.9.9"}) != expected


def test_identity_leaves_out_how_a_build_is_run(config: Config) -> None:
    """Whoever builds the same by other shards has built the same."""
    assert configuration.identity({**config, "shards": 7}) == configuration.identity(config)


@pytest.mark.parametrize("shards", [0, "many", 1.5])
def test_shards_are_a_number(config: Config, shards: object) -> None:
    """What is none is refused, with what it should be."""
    [fault] = refused({**config, "shards": shards})
    assert "shards is" in fault and "auto, or a whole number" in fault


def test_a_place_in_a_store(config: Config) -> None:
    """Parquet alone is read from there, and a place names no user, who is not said again."""
    source = {"kind": "parquet", "text": "body", "label": "topic", "split": "year"}
    config["source"] = {**source, "path": "s3://builds/a/b"}
    configuration.check(config)
    assert configuration.source_files(config["source"]) == []
    words = configuration.source_words(config["source"], config["split"])
    assert words[words.index("--files") + 1] == configuration.STORED
    config["source"]["path"] = "s3://key:secret@builds/a"
    with pytest.raises(UserError, match="must name neither a user") as told:
        configuration.check(config)
    assert "secret@" not in str(told.value)
    config["source"] = {**source, "kind": "csv", "path": "s3://builds/a.csv"}
    with pytest.raises(UserError, match="from which Parquet alone is read"):
        configuration.check(config)


def test_identity_is_canonical() -> None:
    """It is compact JSON with sorted keys, so that its digest can be recomputed."""
    config = {"name": "x", "source": {"url": "u", "kind": "k", "path": "p", "archives": []}}
    assert configuration.identity(config) == '{"name":"x","source":{"kind":"k"}}'


def test_source_files(tmp_path: Path) -> None:
    """A write-ahead log beside a database belongs to it, and to a folder its Parquet files."""

    def files_of(kind: str, path: Path) -> list[str]:
        return configuration.source_files({"kind": kind, "path": str(path)})

    path = tmp_path / "posts.sqlite"
    assert files_of("sqlite", path) == [str(path)]
    log = Path(f"{path}-wal")
    log.touch()
    assert files_of("sqlite", path) == [str(path), str(log)]
    assert files_of("csv", path) == [str(path)]
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    assert files_of("sqlite", link) == [str(link), str(log)]
    for name in ("b.parquet", "a/c.parquet", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    parts = [str(tmp_path / "a" / "c.parquet"), str(tmp_path / "b.parquet")]
    assert files_of("parquet", tmp_path) == parts
    assert files_of("parquet", tmp_path / "b.parquet") == parts[1:]


def test_identity_leaves_out_what_only_releases_say(config: Config) -> None:
    """The project's address and the like change no build."""
    expected = configuration.identity(config)
    said = {
        "repository": "https://localhost/a", "license": "MIT",
        "homepage": "https://localhost/b", "keywords": ["tides"], "license_file": "LICENSE",
    }  # fmt: skip
    configuration.check({**config, **said})
    assert configuration.identity({**config, **said}) == expected


@pytest.mark.parametrize(
    "address", ["https://user:password@localhost/a", "git@localhost:a", "/home/a", "https://a b"]
)
def test_an_address_that_is_not_for_all(config: Config, address: str) -> None:
    """One with a name, a password or a path of this machine is refused."""
    [fault] = refused({**config, "repository": address})
    assert fault.startswith(f"repository is {address!r}, but should be: Public https address")


def test_what_the_page_says(config: Config) -> None:
    """As docs/own-data.md has it; a heading is one line, and examples are texts."""
    told = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```yaml\n(language: .*?)^```", told, re.MULTILINE | re.DOTALL)
    said = yaml.safe_load(shown)
    assert set(said["page"]) == {"heading", "expects", "examples"}
    configuration.check({**config, **said})
    # What the page says is part of a build.
    assert configuration.identity({**config, **said}) != configuration.identity(config)
    for key, wrong in (("heading", "two\nlines"), ("examples", [""]), ("examples", ["a"] * 13)):
        [fault] = refused({**config, "page": {key: wrong}})
        assert fault.startswith(f"page.{key}")
    [fault] = refused({**config, "page": {"headin": "A"}})
    assert "heading" in fault
