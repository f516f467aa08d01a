r"""Which patterns a text recipe may use: those that every language reads alike, in linear time.

The portable subset: ASCII characters, the escapes of ``ESCAPES`` and ``\xHH``, classes
``[…]`` and ``[^…]`` with ranges, groups, ``|``, and the repeats ``* + ? {m} {m,n}``.
RE2, Python's ``re`` and JavaScript with the flag ``u`` agree on these.

Python and JavaScript backtrack, so a pattern must also be such that doing so is cheap:

- *Deterministic*: the next character alone decides how to go on (one-unambiguous in the
  strong sense of Brüggemann-Klein and Wood 1998), so each attempt walks a single path.
- *Soon certain*: however far an attempt has read, it has a match at most
  ``MAX_UNCERTAIN`` characters back. So an attempt that fails has read no more than that,
  and one that succeeds reads no more than that past its match.

Together they bound the work by ``MAX_UNCERTAIN`` times the length of the text.
"""

import string
from dataclasses import dataclass, field

from provender.errors import UserError

# A character class as a set of bits: one for each ASCII character, and one for all others.
Bits = int
OTHERS = 1 << 128
ANY = (OTHERS << 1) - 1
COLUMNS = ANY.bit_length()

# How many characters an attempt may read without having a match; see above.
MAX_UNCERTAIN = 64

# Bounded repeats are written out to be checked; more characters than this are no word.
MAX_POSITIONS = 1000

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
SYNTAX = "^$\\.*+?()[]{}|/"

TWO_WAYS = (
    "{} could go on in two ways here, which makes browsers try both: write what the ways share "
    "once, and let them begin with different characters"
)

INSTEAD = {
    "w": "it differs between languages: write [0-9a-z_]",
    "W": "it differs between languages: write [^0-9a-z_]",
    "d": "it differs between languages: write [0-9]",
    "D": "it differs between languages: write [^0-9]",
    "s": r"it differs between languages: write [ \t\n\r\f\v]",
    "S": r"it differs between languages: write [^ \t\n\r\f\v]",
    "b": "boundaries differ between languages: match the characters around it",
    "B": "boundaries differ between languages: match the characters around it",
    "p": r"old browsers lack it: [^\x00-\x7f] matches letters beyond ASCII",
    "P": r"old browsers lack it: [^\x00-\x7f] matches letters beyond ASCII",
    "u": "RE2 lacks it: only ASCII can be named, by \\x and two digits",
    "A": "anchors are not portable: match the characters around it",
    "Z": "anchors are not portable: match the characters around it",
    "z": "anchors are not portable: match the characters around it",
    "0": "write \\x00",
}
GROUPS = {
    "?=": "look-ahead is not in RE2: match the characters and put them back",
    "?!": "look-ahead is not in RE2: use a class [^…]",
    "?<=": "look-behind is not in old browsers: match the characters and put them back",
    "?<!": "look-behind is not in old browsers: use a class [^…]",
    "?P": "named groups differ between languages: write (…)",
    "?<": "named groups differ between languages: write (…)",
    "?>": "atomic groups are not in JavaScript: write (…)",
    "?": "flags differ between languages: write the characters that you mean",
}


class PatternError(UserError):
    """A pattern is outside the portable subset."""


@dataclass
class _Part:
    """A part of a pattern as an automaton with one state a character (Glushkov 1961)."""

    nullable: bool
    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.bits: list[Bits] = []
        self.columns: list[int] = []
        self.follow: list[set[int]] = []

    def fail(self, place: int, problem: str) -> PatternError:
        return PatternError(f"column {place + 1} of `{self.pattern}`: {problem}")

    def peek(self, text: str) -> bool:
        return self.pattern.startswith(text, self.place)

    def parse(self) -> _Part:
        whole = self.parse_alternatives()
        if self.place < len(self.pattern):
            raise self.fail(self.place, r"there is no group to close: write \)")
        if whole.nullable:
            raise self.fail(0, "it matches the empty text, at every place: use + or {1,n}")
        return whole

    def parse_alternatives(self) -> _Part:
        part = self.parse_sequence()
        while self.peek("|"):
            self.place += 1
            other = self.parse_sequence()
            part = _Part(
                part.nullable or other.nullable, part.first | other.first, part.last | other.last
            )
        return part

    def parse_sequence(self) -> _Part:
        start = self.place
        part = None
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            item = self.parse_repeated()
            part = item if part is None else self.join(part, item)
        if part is None:
            raise self.fail(start, "there is nothing to match: use ? for what may be missing")
        return part

    def parse_repeated(self) -> _Part:
        start = self.place
        part = self.parse_atom()
        end = self.place
        least, most = self.parse_counts()
        if (least, most) == (1, 1):
            return part
        if part.nullable:
            raise self.fail(
                start, "what is repeated may be empty, which languages read differently"
            )
        if self.place < len(self.pattern) and self.pattern[self.place] in "*+?{":
            raise self.fail(
                self.place, "a repeat of a repeat, lazy or possessive, is not portable: use one"
            )
        if most is None:
            self.link(part.last, part.first)
            return _Part(least == 0, part.first, part.last)
        return self.write_out(part, start, end, least, most)

    def write_out(self, part: _Part, start: int, end: int, least: int, most: int) -> _Part:
        """Return ``part`` from ``least`` to ``most`` times, parsing its text again for each."""
        rest = self.place
        copies = [part]
        for _ in range(1, most):
            self.place = start
            copies.append(self.parse_atom())
        self.place = rest
        whole = copies[-1]
        whole = _Part(least < most or whole.nullable, whole.first, whole.last)
        for number in range(most - 2, -1, -1):
            whole = self.join(copies[number], whole)
            whole = _Part(whole.nullable or number >= least, whole.first, whole.last)
        return whole

    def parse_counts(self) -> tuple[int, int | None]:
        symbol = self.pattern[self.place : self.place + 1]
        if symbol in ("*", "+", "?"):
            self.place += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[symbol]
        if symbol != "{":
            return 1, 1
        start = self.place
        close = self.pattern.find("}", start)
        counts = self.pattern[start + 1 : close].split(",") if close > 0 else []
        if len(counts) not in (1, 2) or not all(c.isascii() and c.isdigit() for c in counts):
            raise self.fail(start, r"write {m} or {m,n} with numbers, or \{ for the character")
        self.place = close + 1
        least, most = int(counts[0]), int(counts[-1])
        if not most > 0 or least > most:
            raise self.fail(start, "the second number must be at least the first, and not 0")
        return least, most

    def parse_atom(self) -> _Part:
        start = self.place
        symbol = self.pattern[start]
        if symbol == "(":
            return self.parse_group()
        if symbol == "[":
            return self.add(self.parse_class(), start)
        if symbol in "*+?":
            raise self.fail(start, f"there is nothing to repeat: write \\{symbol}")
        if symbol in "{}]":
            raise self.fail(start, f"write \\{symbol} for the character")
        if symbol == ".":
            raise self.fail(start, r"languages differ in what a line is: write [^\n] or \.")
        if symbol in "^$":
            raise self.fail(start, f"anchors are not portable: leave it out, or write \\{symbol}")
        return self.add(1 << ord(self.parse_character(in_class=False)), start)

    def parse_group(self) -> _Part:
        start = self.place
        self.place += 1
        if self.peek("?:"):
            self.place += 2
        for name, instead in GROUPS.items():
            if self.peek(name):
                raise self.fail(start, f"({name} is not portable: {instead}")
        part = self.parse_alternatives()
        if not self.peek(")"):
            raise self.fail(start, "the group is not closed: add ), or write \\(")
        self.place += 1
        return part

    def parse_character(self, *, in_class: bool) -> str:
        start = self.place
        symbol = self.pattern[start]
        self.place += 1
        if not symbol.isascii():
            raise self.fail(start, f"{symbol!r} is not ASCII: it is matched by a class [^…] only")
        if symbol in string.ascii_uppercase:
            raise self.fail(start, f"the text is in lower case by then: write {symbol.lower()}")
        if symbol != "\\":
            return symbol
        escaped = self.pattern[self.place : self.place + 1]
        self.place += 1
        if escaped == "x":
            digits = self.pattern[self.place : self.place + 2]
            self.place += 2
            if len(digits) < 2 or set(digits) - set(string.hexdigits) or int(digits, 16) > 0x7F:
                raise self.fail(start, r"write \x and two digits, from 00 to 7f")
            return chr(int(digits, 16))
        if escaped in ESCAPES:
            return ESCAPES[escaped]
        if escaped and (escaped in SYNTAX or (in_class and escaped == "-")):
            return escaped
        if escaped.isdigit() and escaped != "0":
            raise self.fail(start, f"\\{escaped}: references to groups are not in RE2")
        itself = escaped or SYNTAX[2] * 2
        instead = INSTEAD.get(escaped, f"write {itself} for the character itself")
        raise self.fail(start, f"\\{escaped} is not portable: {instead}")

    def parse_class(self) -> Bits:
        start = self.place
        self.place += 1
        negated = self.peek("^")
        self.place += negated
        bits = 0
        while not self.peek("]"):
            if self.place >= len(self.pattern):
                raise self.fail(start, "the class is not closed: add ], or write \\[")
            bits |= self.parse_range(start + 1 + negated)
        self.place += 1
        if not bits:
            raise self.fail(start, r"the class is empty: write \] for a bracket in a class")
        return ANY & ~bits if negated else bits

    def parse_range(self, first_place: int) -> Bits:
        start = self.place
        if self.peek("["):
            raise self.fail(start, r"write \[ for a bracket in a class")
        if self.pattern[start : start + 2] in ("--", "&&", "||", "~~"):
            raise self.fail(start, "languages may read two of these as set operations: write one")
        if self.peek("-") and start != first_place and not self.peek("-]"):
            raise self.fail(start, r"write \- for a hyphen in the midst of a class")
        first = self.parse_class_character()
        last = first
        if self.peek("-") and not self.peek("-]"):
            if self.peek("--"):
                raise self.fail(self.place, r"write \- for a hyphen at the end of a range")
            self.place += 1
            last = self.parse_class_character()
            if last < first:
                raise self.fail(start, "the range runs backwards")
        return sum(1 << code for code in range(first, last + 1))

    def parse_class_character(self) -> int:
        symbol = self.pattern[self.place : self.place + 1]
        # As ends of a range upper case is harmless, and [!-~] is how one writes punctuation.
        if symbol and symbol in string.ascii_uppercase + "^.$*+?(){}|":
            self.place += 1
            return ord(symbol)
        if not symbol or symbol in "[]":
            raise self.fail(self.place, "the class is not closed: add ], or write \\[")
        return ord(self.parse_character(in_class=True))

    def add(self, bits: Bits, start: int) -> _Part:
        if len(self.bits) == MAX_POSITIONS:
            raise self.fail(start, f"with its repeats it is longer than {MAX_POSITIONS} characters")
        self.bits.append(bits)
        self.columns.append(start)
        self.follow.append(set())
        state = len(self.bits) - 1
        return _Part(nullable=False, first={state}, last={state})

    def join(self, left: _Part, right: _Part) -> _Part:
        self.link(left.last, right.first)
        return _Part(
            left.nullable and right.nullable,
            left.first | right.first if left.nullable else left.first,
            left.last | right.last if right.nullable else right.last,
        )

    def link(self, states: set[int], to: set[int]) -> None:
        for state in states:
            # As in (a+)+, where the inner and the outer repeat both lead from a to a.
            for twice in sorted(self.follow[state] & to):
                raise self.fail(self.columns[twice], TWO_WAYS.format(_name(self.bits[twice])))
            self.follow[state] |= to

    def check_determinism(self, states: set[int]) -> None:
        taken: Bits = 0
        for state in sorted(states):
            if taken & self.bits[state]:
                both = _name(taken & self.bits[state])
                raise self.fail(self.columns[state], TWO_WAYS.format(both))
            taken |= self.bits[state]

    def matches_without(self, whole: _Part, bits: Bits) -> bool:
        """Return whether a path leads to a match with no state of this very class on it."""
        reached: set[int] = set()
        states = set(whole.first)
        while states:
            state = states.pop()
            if self.bits[state] != bits and state not in reached:
                reached.add(state)
                states |= self.follow[state]
        return not reached.isdisjoint(whole.last)

    def check_certainty(self, whole: _Part) -> None:
        """Refuse loops, and long paths, of states without a match."""
        lengths: dict[int, int] = {}
        entered: set[int] = set()

        def measure(state: int, depth: int = 0) -> int:
            # Deeper it is too long, whatever comes; and Python's stack is not endless.
            if state in whole.last or depth > MAX_UNCERTAIN:
                return 0
            if state in lengths:
                return lengths[state]
            if state in entered:
                raise self.fail(
                    self.columns[state],
                    "what may repeat without end is followed by something required, so a browser "
                    "would try again from every place: bound the repeat, as in {1,32}, or make "
                    "what follows optional",
                )
            entered.add(state)
            lengths[state] = 1 + max(
                measure(other, depth + 1) for other in sorted(self.follow[state])
            )
            return lengths[state]

        for state in range(len(self.bits)):
            if measure(state) > MAX_UNCERTAIN:
                raise self.fail(
                    self.columns[state],
                    f"from here it may read more than {MAX_UNCERTAIN} characters without a match: "
                    "bound the repeats lower",
                )


def check_pattern(pattern: str) -> None:
    """Raise PatternError unless ``pattern`` is portable and takes linear time everywhere.

    The error names the construct's column, counted from 1, and what to write instead.
    """
    parser, whole = _parse(pattern)
    for states in (whole.first, *parser.follow):
        parser.check_determinism(states)
    parser.check_certainty(whole)


def find_needed(pattern: str) -> str:
    """Return a character that each match of ``pattern`` holds; empty if there is none.

    A text without it need not be searched. Raises PatternError for what can't be parsed.
    """
    parser, whole = _parse(pattern)
    for bits in dict.fromkeys(parser.bits):
        if bits != OTHERS and bits.bit_count() == 1 and not parser.matches_without(whole, bits):
            return chr(bits.bit_length() - 1)
    return ""


def make_automaton(pattern: str) -> tuple[list[list[tuple[Bits, int]]], set[int]]:
    """Return how the path that a text takes through ``pattern`` goes on, and where it may end.

    Of each state, by which characters it leads to which other one; and the states in which a match
    may end. State 0 is the first, to which none leads. Where languages try each place in turn and
    prefer the longest repeats, so does who walks this path as far as it goes. Raises PatternError
    for what can't be parsed.
    """
    parser, whole = _parse(pattern)
    paths = [
        [(parser.bits[position], position + 1) for position in sorted(positions)]
        for positions in (whole.first, *parser.follow)
    ]
    return paths, {position + 1 for position in whole.last}


def _parse(pattern: str) -> tuple[_Parser, _Part]:
    if not pattern:
        raise PatternError("the pattern is empty")
    parser = _Parser(pattern)
    try:
        return parser, parser.parse()
    except RecursionError as error:
        raise parser.fail(parser.place, "groups are nested too deeply here") from error


def _name(bits: Bits) -> str:
    lowest = (bits & -bits).bit_length() - 1
    return "a character beyond ASCII" if 1 << lowest == OTHERS else repr(chr(lowest))
