"""What a benchmark measures, and the table of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from provender.errors import UserError


@dataclass(frozen=True)
class Figure:
    """One measured value against its reference: a peer of the same run, or a fixed limit.

    ``value`` and ``reference`` are in ``unit``: s or ms (wall time), MB or kB (10^6 or
    10^3 bytes), /s, or 1 for a share. ``at_most`` and ``at_least`` bound the ratio value /
    reference; a figure without a bound is there for comparison.
    """

    part: str
    name: str
    value: float
    reference: float
    against: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float:
        """Value / reference."""
        return self.value / self.reference

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is within its bound; None without one."""
        if self.at_most is not None:
            return self.ratio <= self.at_most
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return None

    def as_json(self) -> dict[str, Any]:
        """Return all fields, with the ratio and whether it is reached."""
        return {**asdict(self), "ratio": self.ratio, "reached": self.reached}


DECIMALS = {"s": 2, "ms": 3, "MB": 0, "kB": 1, "/s": 0}

HEADINGS = ("part", "figure", "measured", "against", "", "ratio", "wanted", "")


def format_table(figures: Iterable[Figure]) -> str:
    """Return the figures as lines of aligned columns, numbers to the right."""
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    to_the_right = {2, 3, 5}
    lines = [
        "  ".join(
            cell.rjust(width) if place in to_the_right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _cells(figure: Figure) -> tuple[str, ...]:
    wanted = ""
    if figure.at_most is not None:
        wanted = f"≤ {figure.at_most:g}"
    elif figure.at_least is not None:
        wanted = f"≥ {figure.at_least:g}"
    return (
        figure.part,
        figure.name,
        _number(figure.value, figure.unit),
        _number(figure.reference, figure.unit),
        figure.against,
        f"{figure.ratio:.3f}",
        wanted,
        {True: "reached", False: "MISSED", None: ""}[figure.reached],
    )


def _number(value: float, unit: str) -> str:
    if unit == "1":
        return f"{value:.4f}"
    return f"{value:,.{DECIMALS[unit]}f} {unit}"


# The lines of a Markdown file between which a table stands.
BEGIN, END = "<!-- {} -->", "<!-- end of {} -->"


def replace_table(text: str, name: str, lines: Iterable[str]) -> str:
    """Return a document with a table put in its place. Raises UserError where there is none."""
    begin, end = BEGIN.format(name), END.format(name)
    if begin not in text or end not in text:
        raise UserError(f"the document has no lines {begin} and {end} for the table")
    before, rest = text.split(begin, 1)
    return "\n".join([f"{before}{begin}", *lines, f"{end}{rest.split(end, 1)[1]}"])
