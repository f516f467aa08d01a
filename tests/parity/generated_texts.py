"""Made-up texts, from a grammar that knows the recipe, and mutated posts."""

import random
import unicodedata
from itertools import accumulate, product

import numpy as np
from nasty_texts import NASTY
from references import mark_classes, members
from texts import Texts

from provender.text.pattern import OTHERS, _Parser
from provender.text.recipe import Recipe

SEED = 3
TEXTS = 100_000
MUTATED = 100_000

# Texts shorter and longer than these, in characters and in words, are both common.
MOST_CHARACTERS, MOST_WORDS = 24, 6
MOST_PIECES = 9
MOST_MUTATIONS = 6
MOST_UNITS_KEPT = 40

# Made-up words, runs of a pattern and code points of any kind that pieces are drawn from.
SAMPLES = 2000

# How likely a walk along a pattern ends at each character: some are short, some long.
STOPS = [0.02, 0.2, 0.3, 0.5]

# Combining marks, joiners, final sigma, dotted and dotless i, Kelvin, sharp s, letters in
# title case, marks that turn the direction, the byte order mark, line ends of all kinds, NUL,
# what patterns and replacements are made of, letters beyond U+FFFF, and halves of them.
HARD = [
    *"\u0300\u0301\u0307\u0345\u064b\u20e3\u3099\ufe0f\u200c\u200d\u2060\u180e\u00ad",
    *"Σσς" "İIıi" "\u212aKk" "ßẞſﬁŉ" "ǄǅǆªⓐⅫ²٣३" "Aa",
    *"\u200e\u200f\u061c\u202a\u202e\u2066\u2069\ufeff\ufffe\uffff\ufffd",
    *"\r\n\x85\u2028\u2029\v\f\t\0\x1c\x1f\x7f\x80\u00a0\u3000 ",
    *"@._%+-09'$\\",
    *"𐐀𐐨😀\U0010ffff",
    *"\ud800\udbff\udc00\udfff",
]  # fmt: skip


def pair_texts() -> list[str]:
    """Return each pair of hard code points alone, in a word, between words and in capitals."""
    pairs = [first + second for first, second in product(HARD, repeat=2)]
    return [text for pair in pairs for text in (pair, f"a{pair}b", f" {pair} b", f"A{pair}Σ")]


def code_point_texts() -> list[str]:
    """Return every code point, lone surrogates included, within a word; 256 words a text."""
    return [
        " ".join(f"x{chr(code)}y" for code in range(start, start + 0x100))
        for start in range(0, 0x110000, 0x100)
    ]


def draw_pieces(chance: random.Random, recipe: Recipe) -> list[list[str]]:
    """Return pieces of texts by kind; each kind is drawn as often as any other."""
    letters = "etaoinshrdlucmfwgypbvk"
    edges = [code for run in recipe["lower"] for code in run[:2]]
    tables = [recipe[name] for name in ("separators", "symbols", "ignored")]
    edges += [
        edge for gaps in (*tables, recipe["grams"]["characters"]) for edge in accumulate(gaps)
    ]
    near = {chr(code + step) for code in edges for step in (-1, 0, 1) if code + step < 0x110000}
    return [
        [" "],
        ["".join(chance.choices(letters, k=chance.randint(1, 7))) for _ in range(SAMPLES)],
        list(map(chr, range(0x80))),
        HARD,
        list(NASTY),
        sorted(near),
        [chr(chance.randrange(0x110000)) for _ in range(SAMPLES)],
        *draw_scripts(chance, recipe),
        *(draw_walks(chance, pattern) for pattern, *_ in recipe["replace"]),
    ]


def draw_scripts(chance: random.Random, recipe: Recipe) -> list[list[str]]:
    """Return what composes, its parts and marks alone; symbols; words of scripts without spaces."""
    pairs = recipe["pairs"]
    composed = [pairs[3 * n] for n in range(len(pairs) // 3)]
    apart = [pairs[3 * n + 1 : 3 * n + 3] for n in range(len(pairs) // 3)]
    syllables = [chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(SAMPLES)]
    inside = list(map(chr, members(recipe["grams"]["characters"])))
    return [
        [*composed, *(character for character, _ in recipe["parts"])],
        [unicodedata.normalize("NFD", text) for text in [*composed, *apart]],
        [*mark_classes(recipe)],
        syllables,
        [unicodedata.normalize("NFD", syllable) for syllable in syllables],
        [chr(code) for code in members(recipe["symbols"])],
        [character for character, _ in recipe["fold"]],
        ["".join(chance.choices(inside, k=chance.randint(1, 4))) for _ in range(SAMPLES)]
        if inside
        else [" "],
    ]


def draw_texts(recipe: Recipe, count: int = TEXTS) -> Texts:
    """Return ``count`` texts of up to MOST_PIECES pieces, the same for the same recipe."""
    pieces = draw_pieces(random.Random(SEED), recipe)
    chance = np.random.default_rng(SEED)
    counts = chance.integers(0, MOST_PIECES, count, endpoint=True)
    sizes = np.array([len(kind) for kind in pieces])
    kinds = chance.integers(0, len(pieces), counts.sum())
    chosen = (np.cumsum(sizes) - sizes)[kinds] + chance.integers(0, sizes[kinds])
    pool = Texts.of(piece for kind in pieces for piece in kind)
    segments = np.stack([np.cumsum(pool.lengths) - pool.lengths, pool.lengths], axis=1)
    return Texts.joined(pool, segments[chosen], counts)


def mutate_texts(posts: Texts) -> Texts:
    """Return parts of posts with hard code points put in at random places."""
    chance = np.random.default_rng(SEED)
    pool = Texts.of(HARD)
    counts = chance.integers(1, MOST_MUTATIONS, MUTATED, endpoint=True)
    total = counts.sum()
    kept = chance.integers(0, MOST_UNITS_KEPT, total, endpoint=True)
    parts = np.stack([chance.integers(0, len(posts.units) - kept), kept], axis=1)
    hard = np.stack([np.cumsum(pool.lengths) - pool.lengths, pool.lengths], axis=1)
    hard[:, 0] += len(posts.units)
    segments = np.stack([parts, hard[chance.integers(0, len(hard), total)]], axis=1)
    both = Texts(np.concatenate([posts.units, pool.units]), posts.lengths)
    return Texts.joined(both, segments.reshape(-1, 2), 2 * counts)


def draw_walks(chance: random.Random, pattern: str) -> list[str]:
    """Return what a pattern reads on random ways, many of which end before there is a match."""
    automaton = _Parser(pattern)
    first = automaton.parse().first
    characters = [
        [chr(code) for code in range(0x80) if bits >> code & 1] + (HARD if bits & OTHERS else [])
        for bits in automaton.bits
    ]
    walks = []
    for _ in range(SAMPLES):
        states, text, stop = first, "", chance.choice(STOPS)
        while states and chance.random() > stop:
            state = chance.choice(sorted(states))
            text += chance.choice(characters[state])
            states = automaton.follow[state]
        walks.append(text)
    return walks
