"""Real tables of labelled texts, of many kinds, that the training was not made for.

Each comes from Debian's packages or from the newsgroups archive, and is none of ours. A text's
part, 0 to 4, is drawn from a hash of its group, so that texts of one origin, which share words,
are on one side of the split; part 4 is the test part. A test text that was there before, in
whatever part, is left out, so that each is asked once; and so is a label with too few texts. What
is read depends on the packages' versions: the digest of each table stands beside its figures.
"""

import hashlib
import json
import re
import sqlite3
import subprocess
import tarfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from provender import files
from provender.sources import newsgroups
from provender.splits import strip

PARTS = 5

# With fewer texts, nothing can be said of a label.
LEAST_TEXTS = 10

# (text, label, group)
Row = tuple[str, str, str]

# Debian packages that hold the texts; the package lists hold others.
PACKAGES = (
    "wordnet-base", "fortunes", "fortunes-de", "fortunes-pl", "iso-codes", "unicode-cldr-core",
    "unicode-data", "wngerman", "wfrench", "witalian", "wamerican", "wspanish", "wdutch",
    "wswedish", "wportuguese", "wpolish", "wdanish", "wcatalan",
)  # fmt: skip

# Languages of translated descriptions.
LANGUAGES = ("en", "de", "fr", "ja", "zh_CN")

# Lists of words, by language.
DICTIONARIES = {
    "ngerman": "German", "french": "French", "italian": "Italian", "american-english": "English",
    "spanish": "Spanish", "dutch": "Dutch", "swedish": "Swedish", "portuguese": "Portuguese",
    "polish": "Polish", "danish": "Danish", "catalan": "Catalan",
}  # fmt: skip

# WordNet's lexicographer files are known by number.
WORDNET = ("noun", "verb", "adj", "adv")


@dataclass(frozen=True)
class Places:
    """Where the data lies: unpacked packages, folders of apt's lists, the newsgroups archive."""

    root: Path
    lists: Path
    archive: Path


@dataclass(frozen=True)
class Table:
    """A table: how it is read, whether training was tuned on it, and how many rows are taken."""

    read: Callable[[Places], Iterator[Row]]
    tuned: bool
    rows: int | None = None


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _debian_entries(places: Places) -> Iterator[dict[str, str]]:
    """Yield the fields of each package in the lists."""
    listed = subprocess.run(
        ["apt-cache", "dumpavail"], capture_output=True, text=True, errors="replace", check=True
    ).stdout
    for entry in listed.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*(?:\n .*)*)$", entry, re.M))
        if "Package" in fields:
            yield fields


def _short_descriptions(places: Places) -> Iterator[Row]:
    """Packages' descriptions in one line, by section."""
    for fields in _debian_entries(places):
        description = fields.get("Description") or fields.get("Description-en")
        if description and "Section" in fields:
            name = fields["Package"]
            yield description.split("\n")[0], fields["Section"].split("/")[-1], name.split("-")[0]


def _translations(places: Places, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield each package's name, its one line and its long description in a language."""
    (listed,) = (places.lists / language).glob("*bookworm_main_i18n_Translation-*")
    text = subprocess.run(
        ["/usr/lib/apt/apt-helper", "cat-file", str(listed)], capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")
    for entry in text.split("\n\n"):
        name = re.search(r"^Package: (.*)$", entry, re.M)
        found = re.search(r"^Description-[A-Za-z_]+: (.*)\n((?: .*\n?)*)", entry, re.M)
        if name and found:
            long = re.sub(r"^ \.$", "", found[2], flags=re.M)
            yield name[1], found[1], " ".join(long.split())


def _translated(language: str, long: bool) -> Callable[[Places], Iterator[Row]]:
    def read(places: Places) -> Iterator[Row]:
        sections = {
            fields["Package"]: fields["Section"].split("/")[-1]
            for fields in _debian_entries(places)
            if "Section" in fields
        }
        for name, line, rest in _translations(places, language):
            if name in sections:
                text = f"{line} {rest}" if long else line
                yield text, sections[name], name.split("-")[0]

    return read


def _implemented_in(places: Places) -> Iterator[Row]:
    """Long descriptions by the programming language that a package is written in."""
    tags = {
        fields["Package"]: re.findall(r"implemented-in::([^\s,]+)", fields.get("Tag", ""))
        for fields in _debian_entries(places)
    }
    for name, line, rest in _translations(places, "en"):
        if len(tags.get(name, [])) == 1:
            yield f"{line} {rest}", tags[name][0], name.split("-")[0]


def _glosses(places: Places) -> Iterator[Row]:
    """WordNet's glosses, by lexicographer file."""
    for kind in WORDNET:
        for line in (places.root / f"usr/share/wordnet/data.{kind}").open(encoding="utf-8"):
            if not line.startswith("  "):
                head, _, gloss = line.partition(" | ")
                offset, file = head.split()[:2]
                yield gloss.strip(), file, offset


def _noun_or_verb(places: Places) -> Iterator[Row]:
    for gloss, file, offset in _glosses(places):
        if file in ("04", "36"):
            yield gloss, {"04": "noun.act", "36": "verb.creation"}[file], offset


def _fortunes(folder: str) -> Callable[[Places], Iterator[Row]]:
    """Sayings, by the file that they are in."""

    def read(places: Places) -> Iterator[Row]:
        for path in sorted((places.root / "usr/share/games/fortunes" / folder).glob("*")):
            if path.suffix == ".u8" or path.is_dir() or path.suffix == ".dat":
                continue
            for saying in re.split(r"^%\n", path.read_text("utf-8", "replace"), flags=re.M):
                yield saying.strip(), path.name, saying

    return read


def _subdivisions(places: Places) -> Iterator[Row]:
    """Names of provinces and the like, by country."""
    path = places.root / "usr/share/iso-codes/json/iso_3166-2.json"
    for entry in json.loads(path.read_text(encoding="utf-8"))["3166-2"]:
        yield entry["name"], entry["code"][:2], entry["code"]


def _emoji_groups(places: Places) -> dict[str, str]:
    groups, group = {}, ""
    for line in (places.root / "usr/share/unicode/emoji/emoji-test.txt").open(encoding="utf-8"):
        if line.startswith("# group:"):
            group = line.split(":")[1].strip()
        elif "# " in line and ";" in line:
            groups[line.split("# ")[1].split()[0].replace("\ufe0f", "")] = group
    return groups


def _emoji(language: str) -> Callable[[Places], Iterator[Row]]:
    """Names and keywords of emoji, by group."""

    def read(places: Places) -> Iterator[Row]:
        groups = _emoji_groups(places)
        found: dict[str, str] = {}
        for folder in ("annotations", "annotationsDerived"):
            path = places.root / f"usr/share/unicode/cldr/common/{folder}/{language}.xml"
            for entry in ElementTree.parse(path).iter("annotation"):
                text = (entry.text or "").replace(" | ", " ")
                cp = entry.attrib["cp"].replace("\ufe0f", "")
                found[cp] = f"{found.get(cp, '')} {text}"
        for cp, text in found.items():
            if cp in groups:
                # Those with another tone of skin are copies.
                yield text, groups[cp], re.sub("[\U0001f3fb-\U0001f3ff]", "", cp)

    return read


def _words(places: Places) -> Iterator[Row]:
    """Single words by language, where it is one language's alone."""
    of: dict[str, list[str]] = defaultdict(list)
    for name, language in DICTIONARIES.items():
        path = places.root / "usr/share/dict" / name
        words = path.read_text("latin-1" if name == "swedish" else "utf-8").split("\n")
        for word in [word for word in words if _hash(language + word) % 8 == 0][:100_000]:
            of[word].append(language)
    for word, languages in of.items():
        if len(languages) == 1:
            yield word, languages[0], word


def _newsgroups(topics: int) -> Callable[[Places], Iterator[Row]]:
    def read(places: Places) -> Iterator[Row]:
        with tarfile.open(places.archive) as tar:
            names = sorted({m.name.split("/")[1] for m in tar if m.isfile()})
        chosen = EIGHT if topics == 8 else names
        for post in newsgroups.read_newsgroups(places.archive, chosen):
            text = strip.strip_post(post.text, ["headers", "footers", "quotes"])
            yield text, post.label, "test" if post.split >= 1990 else "train"

    return read


EIGHT = [
    "comp.graphics", "misc.forsale", "rec.autos", "rec.sport.hockey",
    "sci.crypt", "sci.med", "sci.space", "talk.politics.mideast",
]  # fmt: skip

TABLES = {
    # The training was made on these.
    "newsgroups-8": Table(_newsgroups(8), True),
    "descriptions-6000": Table(_short_descriptions, True, 6000),
    "glosses-10000": Table(_glosses, True, 10_000),
    "sayings-en": Table(_fortunes("."), True),
    "descriptions-de-long": Table(_translated("de", True), True, 10_000),
    "descriptions-ja": Table(_translated("ja", False), True),
    "emoji-en": Table(_emoji("en"), True),
    "subdivisions": Table(_subdivisions, True),
    "act-or-creation-200": Table(_noun_or_verb, True, 250),
    # And not on these.
    "newsgroups-20": Table(_newsgroups(20), False),
    "descriptions": Table(_short_descriptions, False),
    "glosses": Table(_glosses, False),
    "descriptions-fr": Table(_translated("fr", False), False),
    "descriptions-zh-long": Table(_translated("zh_CN", True), False),
    "implemented-in": Table(_implemented_in, False),
    "words": Table(_words, False, 200_000),
    "emoji-ja": Table(_emoji("ja"), False),
    "sayings-pl": Table(_fortunes("pl"), False),
    "emoji-de-500": Table(_emoji("de"), False, 500),
}


def rows_of(table: Table, places: Places) -> list[tuple[str, str, int]]:
    """Return a table's rows (text, label, part), the same for the same packages."""
    rows = [(" ".join(text.split()), label, group) for text, label, group in table.read(places)]
    rows = sorted((row for row in rows if row[0]), key=lambda row: (_hash("\t".join(row)), row))
    rows = rows[: table.rows]
    parts = [
        (text, label, {"train": 0, "test": PARTS - 1}.get(group, _hash(f"part {group}") % PARTS))
        for text, label, group in rows
    ]
    seen = {text.lower() for text, _, part in parts if part < PARTS - 1}
    counts = Counter(label for _, label, part in parts if part < PARTS - 1)
    kept = []
    for text, label, part in parts:
        if counts[label] < LEAST_TEXTS or (part == PARTS - 1 and text.lower() in seen):
            continue
        if part == PARTS - 1:
            seen.add(text.lower())
        kept.append((text, label, part))
    return kept


def write(rows: list[tuple[str, str, int]], path: Path) -> None:
    """Write a table as SQLite: posts(text, label, part)."""
    with files.replacing(path) as part:
        database = sqlite3.connect(part)
        with database:
            database.execute("CREATE TABLE posts (text TEXT, label TEXT, part INTEGER)")
            database.executemany("INSERT INTO posts VALUES (?, ?, ?)", rows)
        database.close()


def fetch(folder: Path, archive: Path) -> Places:
    """Download and unpack what the tables are made of, where it is not there yet.

    Needs Debian's apt; nothing is installed. ``archive``: that of the newsgroups.
    """
    places = Places(folder / "root", folder / "lists", archive)
    if not places.root.is_dir():
        packed = folder / "packages"
        packed.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=packed, check=True)
        part = folder / "root.part"
        for package in sorted(packed.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(package), str(part)], check=True)
        part.rename(places.root)
    for language in LANGUAGES:
        lists = places.lists / language
        if not any(lists.glob("*Translation-*")):
            (lists / "partial").mkdir(parents=True, exist_ok=True)
            options = [f"Acquire::Languages={language}", f"Dir::State::lists={lists.resolve()}"]
            command = ["apt-get", *(word for option in options for word in ("-o", option))]
            subprocess.run([*command, "update"], check=True)
    return places
