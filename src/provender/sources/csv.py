"""A CSV or TSV file of the user's own, as RFC 4180 has it and as spreadsheets write it."""

import argparse
import codecs
import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import cchardet

from provender import console
from provender.errors import UserError
from provender.sources import columns
from provender.sources.posts import Post

# What may stand between columns, where that is not said.
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

# What source.quote is for a file that has none.
NO_QUOTE = "none"

# How a spreadsheet says in a line of its own what stands between columns.
SEPARATOR_LINE = "sep="

# Of a longer field the quote was never closed; it would fill the memory.
MOST_CHARACTERS = 10_000_000

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip

# How much is read at once, and how much of what is not ASCII an encoding is guessed by.
CHUNK, SAMPLE = 1 << 20, 1 << 16

WESTERN = "cp1252"

# Windows' own sets of characters, which hold those of ISO; as browsers read these.
WINDOWS = {"iso-8859-1": WESTERN, "iso-8859-9": "cp1254", "shift_jis": "cp932", "euc-kr": "cp949"}


class File(NamedTuple):
    """What is found by looking at a file: its encoding, and how many lines it has."""

    encoding: str
    lines: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--path", type=Path, required=True, help="CSV or TSV file")
    columns.add_arguments(parser)
    parser.add_argument("--encoding", help="such as utf-8 or cp1252 (default: found by looking)")
    parser.add_argument("--delimiter", help="what is between columns (default: found by looking)")
    parser.add_argument("--quote", default='"', help=f"what stands around texts, or {NO_QUOTE}")
    parser.add_argument(
        "--columns", nargs="*", default=[], help="names of the columns, where no line has them"
    )


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    wanted = columns.read_arguments(options)
    origin = columns.Origin(
        str(options.path), "line", "Mend or remove those lines, or say how the file is written by "
        "source.encoding, source.delimiter and source.quote",
    )  # fmt: skip
    rows = read_rows(
        options.path,
        wanted.columns(),
        options.encoding,
        options.delimiter,
        options.quote,
        options.columns,
    )
    return columns.to_posts(rows, wanted, origin)


def read_rows(
    path: Path,
    named: Mapping[str, str],
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str = '"',
    given: Sequence[str] = (),
) -> Iterator[columns.Row]:
    """Yield the columns that are ``named``, of each row by the number of its first line.

    ``encoding``, ``delimiter``: None where they are to be found. ``given``: the names of all
    columns, where the first line does not have them.
    """
    columns.check_file(path)
    looked = look_at(path, encoding)
    csv.field_size_limit(MOST_CHARACTERS)
    # What is not of the encoding is refused row by row.
    with path.open(encoding=looked.encoding, errors="surrogateescape", newline="") as file:
        first, said, skipped = _first_line(file)
        writing = _writing(quote)
        delimiter = delimiter or said or find_delimiter(first, named, given, writing)
        reader = csv.reader(itertools.chain([first], file), delimiter=delimiter, **writing)
        names = given or [name.strip() for name in _next(reader, path)]
        found = _find_columns(named, names, path, bool(given))
        console.log.info(
            "%s is read as %s, with %s between columns",
            path.name,
            looked.encoding,
            DELIMITERS.get(delimiter, delimiter),
        )
        rows = _read_rows(reader, names, [names.index(name) for name in found], skipped, looked)
        yield from console.progress(rows, f"reading {path.name}", looked.lines)


def look_at(path: Path, encoding: str | None = None) -> File:
    """Return a file's encoding, unless it is given, and its lines.

    It is what its first bytes say, or UTF-8 where all of it is, or some line that is not ASCII.
    Else it is guessed by the letters. Raises UserError for what is no text, or no encoding.
    """
    if encoding is not None:
        try:
            encoding = codecs.lookup(encoding).name
        except LookupError as error:
            raise UserError(f"source.encoding is {encoding}, which Python does not know: "
                            "cp1252, utf-8 and utf-16 are some") from error  # fmt: skip
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, is_utf_8, start = 0, True, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            start = start or chunk
            lines += chunk.count(b"\n")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf_8 = False
                decoder.reset()
    for mark, named in MARKS.items():
        if start.startswith(mark):
            return File(encoding or named, lines)
    if b"\0" in start and encoding is None:
        raise UserError(f"source.path names {path}, which is no text: save it as CSV in UTF-8")
    return File(encoding or ("utf-8" if is_utf_8 else _guess(path)), lines)


def names_of(path: Path) -> list[str]:
    """Return what the first line of a file parts into, most likely the names of its columns."""
    columns.check_file(path)
    with path.open(encoding=look_at(path).encoding, errors="replace", newline="") as file:
        first, delimiter = _first_line(file)[:2]
    writing = _writing('"')
    delimiter = delimiter or find_delimiter(first, {}, (), writing)
    reader = csv.reader([first], delimiter=delimiter, **writing)
    return [name.strip() for name in _next(reader, path)]


def _first_line(file: TextIO) -> tuple[str, str | None, int]:
    """Return the first line, what a line before it says is between columns, and how many are."""
    first = file.readline()
    said = first.strip().lower()
    if said.startswith(SEPARATOR_LINE) and len(said) == len(SEPARATOR_LINE) + 1:
        return file.readline(), said[-1], 1
    return first, None, 0


def _guess(path: Path) -> str:
    """Return the encoding of a file that is not all UTF-8: UTF-8, if it is mixed."""
    sample = b""
    with path.open("rb") as file:
        while line := file.readline(CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                if len(sample) < SAMPLE:
                    sample += line[:SAMPLE]
            else:
                # Whoever writes another encoding hits on no such line; so it is two of them.
                return "utf-8"
    guessed = (cchardet.detect(sample)["encoding"] or WESTERN).lower()
    guessed = WINDOWS.get(guessed, guessed)
    try:
        sample.decode(guessed)
    except (LookupError, UnicodeDecodeError):
        return WESTERN
    # Of few letters it guesses what nobody has written for decades.
    return WESTERN if guessed.startswith("mac") else codecs.lookup(guessed).name


def _writing(quote: str) -> dict[str, Any]:
    if quote == NO_QUOTE:
        return {"quoting": csv.QUOTE_NONE, "strict": True}
    return {"quotechar": quote, "strict": True}


def find_delimiter(
    first: str, named: Mapping[str, str], names: Sequence[str], writing: Mapping[str, Any]
) -> str:
    """Return what is between columns: what parts the first line into most of what is ``named``.

    Or, where ``names`` are given, into as many; then into as many as can be.
    """

    def fits(delimiter: str) -> tuple[int, int]:
        try:
            parts = next(csv.reader([first], delimiter=delimiter, **writing), [])
        except csv.Error:
            return 0, 0
        if names:
            return int(len(parts) == len(names)), len(parts)
        there = [part.strip() for part in parts]
        fitting = sum(columns.as_named(name, there) in there for name in named.values())
        return fitting, len(parts)

    return max(DELIMITERS, key=fits)


def _next(reader: Any, path: Path) -> list[str]:
    try:
        return next(reader, [])
    except csv.Error as error:
        raise UserError(f"the first line of {path} is no line of names: {error}") from error


def _find_columns(
    named: Mapping[str, str], names: Sequence[str], path: Path, are_given: bool
) -> list[str]:
    if are_given:
        return columns.find_columns(named, names, "source.columns has")
    try:
        found = columns.find_columns(named, names, f"the first line of {path} has")
    except UserError as error:
        if columns.LABEL not in named:
            raise
        hint = "If that is no line of names, give them as source.columns"
        raise UserError(f"{error} {hint}") from error
    for name in found:
        if names.count(name) > 1:
            raise UserError(f"the first line of {path} has the column {name} more than once: "
                            "give its columns different names")  # fmt: skip
    return found


def _read_rows(
    reader: Any, names: Sequence[str], places: Sequence[int], skipped: int, looked: File
) -> Iterator[columns.Row]:
    """Yield the rows behind the names, which ``reader`` has read."""
    while True:
        number = skipped + reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, _explain(str(error))
            continue
        if len(values) == len(names):
            asked = [values[place] for place in places]
            if all(map(_is_whole, asked)):
                # Nothing is written there: of a text it is found later, and counted.
                yield number, [*asked[:2], *(value or None for value in asked[2:])]
            else:
                yield number, f"not {looked.encoding}"
        elif values:
            yield number, f"not {len(names)} columns as in the first line"


def _is_whole(value: str) -> bool:
    return value.isascii() or not any("\udc80" <= character <= "\udcff" for character in value)


def _explain(problem: str) -> str:
    if "unexpected end" in problem or "field larger" in problem:
        return "a quote that is never closed"
    return "a quote within a text that is not doubled" if "expected after" in problem else problem
