"""Loops over the bytes of texts in UTF-8, compiled: they read the tables that a recipe becomes.

Nothing of a recipe is written down here: :mod:`provender.text.recipe` and
:mod:`provender.text.grams` make arrays of it, by which these loops go. Offsets are those of Arrow's
arrays of strings, int32 [n + 1]; where room for what comes out is too small, a loop returns -1.
"""

import numpy as np

from provender.compiled import compiled, inner

SPACE = 0x20
ASCII_END = 0x80

# What UTF-8 has in the first two bits of each byte of a character but the first.
FURTHER_MASK, FURTHER = 0xC0, 0x80

# Of a code point: part of a run, a mark, what takes part in composition.
RUN, MARK, COMPOSES = 1, 2, 4

# What a feature is: a piece of a word, in whose name a space stands before it, or anything else.
OTHER, PIECE_OF_WORD = 0, 1

# A key stands for the bytes and the kind of a name. Of so many bytes it holds them and is unique;
# of more it is below 0, a hash of them, FNV-1a by Fowler, Noll and Vo of 32 bits.
MOST_PACKED = 7
BASIS = 2166136261
PRIME = 16777619
MASK = 0xFFFFFFFF

# By which slots of a table are drawn for keys: odd numbers, those of MurmurHash3 by Appleby.
FACTOR, OTHER_FACTOR = 0x85EBCA6B, 0xC2B2AE35

# A table has for each slot a key and, behind it, a number from 1 on; 0 where the slot is free. The
# slots are a power of 2, no more than half of them taken.
LEAST_SLOTS = 1024

# Which bit of 32 is set, by a product of De Bruijn's.
DE_BRUIJN = 0x077CB531
BIT_OF = np.zeros(32, np.int64)
for _bit in range(32):
    BIT_OF[(DE_BRUIJN << _bit & 0xFFFFFFFF) >> 27] = _bit


@inner
def _width(byte: int) -> int:
    """Return how many bytes a character has, by its first one."""
    if byte < 0x80:
        return 1
    if byte < 0xE0:
        return 2
    return 3 if byte < 0xF0 else 4


@inner
def _decode(data: np.ndarray, place: int) -> int:
    """Return the code point of the character whose bytes begin at a place."""
    first = int(data[place])
    if first < 0x80:
        return first
    second = int(data[place + 1]) & 0x3F
    if first < 0xE0:
        return (first & 0x1F) << 6 | second
    third = int(data[place + 2]) & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | second << 6 | third
    return (first & 0x07) << 18 | second << 12 | third << 6 | int(data[place + 3]) & 0x3F


@inner
def _key(data: np.ndarray, begin: int, length: int, kind: int) -> int:
    """Return the key of a name of so many bytes."""
    if length <= MOST_PACKED:
        packed = kind
        for place in range(begin, begin + length):
            packed = packed << 8 | int(data[place])
        return packed << 3 | length
    hashed = BASIS ^ kind
    for place in range(begin, begin + length):
        hashed = (hashed ^ int(data[place])) * PRIME & MASK
    return -1 - hashed


@inner
def _slot(key: int, size: int) -> int:
    """Return where in a table of so many numbers to look for a key first."""
    mixed = ((key & MASK) * FACTOR ^ (key >> 32) * OTHER_FACTOR) & MASK
    return ((mixed ^ mixed >> 15) << 1) & (size - 1)


@inner
def _seek(table: np.ndarray, key: int) -> int:
    """Return where in a table a key stands, or where it would."""
    slot = _slot(key, len(table))
    while table[slot + 1] and table[slot] != key:
        slot = (slot + 2) & (len(table) - 1)
    return slot


@inner
def _with_room(table: np.ndarray, count: int) -> np.ndarray:
    """Return a table, in which so many slots are taken, that has room for one more."""
    if 4 * count < len(table):
        return table
    grown = np.zeros(2 * len(table), np.int64)
    for old in range(0, len(table), 2):
        if table[old + 1]:
            slot = _slot(int(table[old]), len(grown))
            while grown[slot + 1]:
                slot = (slot + 2) & (len(grown) - 1)
            grown[slot], grown[slot + 1] = table[old], table[old + 1]
    return grown


@inner
def _same(data: np.ndarray, begin: int, other: np.ndarray, start: int, length: int) -> bool:
    """Tell whether so many bytes are equal."""
    same = 0
    while same < length and data[begin + same] == other[start + same]:
        same += 1
    return same == length


@compiled
def fold(
    data: np.ndarray,
    offsets: np.ndarray,
    most: int,
    becomes: np.ndarray,
    bounds: np.ndarray,
    parts: np.ndarray,
    kinds: np.ndarray,
    out: np.ndarray,
    ends: np.ndarray,
    composes: np.ndarray,
) -> int:
    """Replace each character of each text, up to so many of them; return the bytes written.

    ``becomes`` int32 [0x110000]: -1 where a character stays, or a place k; then it becomes
    ``parts[bounds[k] : bounds[k + 1]]``. ``composes`` uint8 [n]: whether a text has a character
    that :data:`COMPOSES`. ``ends``: the offsets of what is written.
    """
    written = 0
    ends[0] = 0
    for text in range(len(offsets) - 1):
        place, end = int(offsets[text]), int(offsets[text + 1])
        left = most
        found = 0
        while place < end and left > 0:
            width = _width(int(data[place]))
            code = _decode(data, place)
            target = int(becomes[code])
            if target < 0:
                if written + width > len(out):
                    return -1
                for step in range(width):
                    out[written + step] = data[place + step]
                written += width
            else:
                first, last = int(bounds[target]), int(bounds[target + 1])
                if written + last - first > len(out):
                    return -1
                for step in range(first, last):
                    out[written] = parts[step]
                    written += 1
            found |= int(kinds[code])
            place += width
            left -= 1
        composes[text] = (found & COMPOSES) != 0
        ends[text + 1] = written
    return written


@inner
def _replace(
    text: np.ndarray,
    size: int,
    steps: np.ndarray,
    accepts: np.ndarray,
    needed: int,
    before: int,
    apart: bool,
    literal: np.ndarray,
    out: np.ndarray,
) -> int:
    """Replace what a pattern matches in a text of so many bytes; return the size of what is left.

    As :func:`apply` has it, of one pattern.
    """
    place = written = 0
    # Where the character stands without which nothing matches, as far as is known.
    ahead = -1
    while place < size:
        # What no match begins with stays.
        stop = place
        if needed >= 0:
            if ahead < place:
                ahead = place
                while ahead < size and text[ahead] != needed:
                    ahead += 1
            # Nor does one begin further in front of that character.
            stop = size if ahead == size else max(place, ahead - before)
        while stop < size:
            byte = int(text[stop])
            if byte < ASCII_END:
                if steps[0, byte]:
                    break
            elif byte & FURTHER_MASK != FURTHER and steps[0, ASCII_END]:
                break
            stop += 1
        # Room for what is left, and for two spaces.
        if written + size - place + 2 > len(out):
            return -1
        for other in range(place, stop):
            out[written] = text[other]
            written += 1
        place = stop
        if place == size:
            break
        state = 0
        reached = place
        matched = -1
        while reached < size:
            byte = int(text[reached])
            state = int(steps[state, min(byte, ASCII_END)])
            if state == 0:
                break
            reached += _width(byte)
            if accepts[state]:
                matched = reached
        start = place
        if matched < 0:
            place += _width(int(text[place]))
            for other in range(start, place):
                out[written] = text[other]
                written += 1
        elif apart:
            place = matched
            out[written] = SPACE
            written += 1
            for other in range(start, place):
                out[written] = text[other]
                written += 1
            out[written] = SPACE
            written += 1
        else:
            place = matched
            if written + len(literal) > len(out):
                return -1
            for other in range(len(literal)):
                out[written] = literal[other]
                written += 1
    return written


@compiled
def apply(
    data: np.ndarray,
    offsets: np.ndarray,
    steps: np.ndarray,
    accepts: np.ndarray,
    needed: np.ndarray,
    before: int,
    apart: np.ndarray,
    bounds: np.ndarray,
    literals: np.ndarray,
    kinds: np.ndarray,
    out: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Apply rules to texts, and part them at spaces and where runs begin and end.

    Of rule r, ``steps[r]`` int16 [states, 129] leads from one state to the next by a character, the
    last of which stands for all beyond ASCII: state 0 is the first, and, where it leads, none.
    ``accepts`` uint8 [rules, states]; the longest path that ends so is a match. ``needed`` int32:
    a character that each match holds, with no more than ``before`` bytes in front of it, or -1.
    ``apart`` uint8: whether a match becomes a word of its own, or else
    ``literals[bounds[r] : bounds[r + 1]]``.

    Writes each text's words with one space between them; returns the bytes written.
    """
    held = np.empty(1024, np.uint8)
    other = np.empty(1024, np.uint8)
    written = 0
    ends[0] = 0
    for text in range(len(offsets) - 1):
        begin = int(offsets[text])
        size = int(offsets[text + 1]) - begin
        if size > len(held):
            held = np.empty(2 * size, np.uint8)
        for place in range(size):
            held[place] = data[begin + place]
        for rule in range(len(needed)):
            place = 0
            while place < size and needed[rule] >= 0 and held[place] != needed[rule]:
                place += 1
            if place == size:
                continue
            literal = literals[bounds[rule] : bounds[rule + 1]]
            left = -1
            while left < 0:
                left = _replace(
                    held, size, steps[rule], accepts[rule], int(needed[rule]), before,
                    apart[rule] != 0, literal, other,
                )  # fmt: skip
                if left < 0:
                    other = np.empty(2 * len(other), np.uint8)
            size = left
            held, other = other, held
        is_run = False
        # Whether a word of this text is written, and whether the one at hand has begun.
        has_words = False
        has_begun = False
        place = 0
        while place < size:
            byte = int(held[place])
            if byte == SPACE:
                has_begun = is_run = False
                place += 1
                continue
            if has_begun and not is_run and byte < ASCII_END:
                if written == len(out):
                    return -1
                out[written] = byte
                written += 1
                place += 1
                continue
            width = 1
            in_run = False
            is_mark = False
            if byte >= ASCII_END:
                width = _width(byte)
                kind = int(kinds[_decode(held, place)])
                in_run = kind & RUN != 0
                is_mark = kind & MARK != 0
            if not is_mark and in_run != is_run:
                has_begun = False
                is_run = in_run
            if written + width + 1 > len(out):
                return -1
            if not has_begun:
                if has_words:
                    out[written] = SPACE
                    written += 1
                has_begun = has_words = True
            for step in range(width):
                out[written] = held[place + step]
                written += 1
            place += width
        ends[text + 1] = written
    return written


@compiled
def number_words(
    data: np.ndarray,
    offsets: np.ndarray,
    most: int,
    kinds: np.ndarray,
    units: np.ndarray,
    starts: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    runs: np.ndarray,
) -> int:
    """Number the words and runs of texts with one space between them; return how many differ.

    Of each text ``most`` are read, where a run counts as many as it has characters, and is cut.
    ``starts`` int64 [n + 1]: text i has ``units[starts[i] : starts[i + 1]]``, int32. The name of
    each unit is ``data[begins[i] : begins[i] + lengths[i]]``, int64 and int32; ``runs`` uint8:
    whether it is a run.
    """
    table = np.zeros(2 * LEAST_SLOTS, np.int64)
    count = total = 0
    starts[0] = 0
    for text in range(len(offsets) - 1):
        place, end = int(offsets[text]), int(offsets[text + 1])
        room = most
        while place < end and room > 0:
            begin = place
            is_run = False
            if data[place] >= ASCII_END:
                is_run = int(kinds[_decode(data, place)]) & RUN != 0
            if is_run:
                stop = begin
                while place < end and data[place] != SPACE:
                    place += _width(int(data[place]))
                    room -= 1
                    if room >= 0:
                        stop = place
            else:
                while place < end and data[place] != SPACE:
                    place += 1
                stop = place
                room -= 1
            place += 1
            length = stop - begin
            key = _key(data, begin, length, OTHER)
            table = _with_room(table, count)
            slot = _slot(key, len(table))
            while table[slot + 1]:
                if table[slot] == key:
                    known = int(table[slot + 1]) - 1
                    if key >= 0 or (
                        lengths[known] == length
                        and _same(data, begin, data, int(begins[known]), length)
                    ):
                        break
                slot = (slot + 2) & (len(table) - 1)
            if table[slot + 1] == 0:
                begins[count], lengths[count], runs[count] = begin, length, is_run
                count += 1
                table[slot], table[slot + 1] = key, count
            units[total] = table[slot + 1] - 1
            total += 1
        starts[text + 1] = total
    return count


@compiled
def gather(
    data: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    out: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Write names one after the other, with a space before those that :data:`PIECE_OF_WORD`."""
    written = 0
    ends[0] = 0
    for name in range(len(begins)):
        if kinds[name] == PIECE_OF_WORD:
            out[written] = SPACE
            written += 1
        for step in range(lengths[name]):
            out[written] = data[begins[name] + step]
            written += 1
        ends[name + 1] = written


@compiled
def cut(
    data: np.ndarray,
    offsets: np.ndarray,
    runs: np.ndarray,
    usable: np.ndarray,
    points: np.ndarray,
    run_sizes: np.ndarray,
    word_sizes: np.ndarray,
    most: int,
    framed: np.ndarray,
    starts: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    keys: np.ndarray,
) -> int:
    """Find the features of each name that is usable: itself and its pieces; return how many.

    ``runs``, ``usable`` uint8 [n]; ``points`` uint8 [0x110000], of each code point; ``run_sizes``
    and ``word_sizes``: int64, ascending, of how many characters pieces are; ``most``: how many of
    a word are cut in pieces. ``starts`` int64 [n + 1]: which features are those of a name, each
    ``framed[begins[i] : begins[i] + lengths[i]]`` of a kind, int64, int32 and uint8, and its
    key, int64.
    """
    at = np.empty(64, np.int64)
    written = count = 0
    starts[0] = 0
    for name in range(len(offsets) - 1):
        begin, end = int(offsets[name]), int(offsets[name + 1])
        if usable[name]:
            is_run = runs[name] != 0
            if end - begin + 3 > len(at):
                at = np.empty(2 * (end - begin) + 3, np.int64)
            characters = 0
            if not is_run:
                at[0] = written
                characters = 1
                framed[written] = SPACE
                written += 1
            whole = written
            stop = written + end - begin
            place = begin
            while place < end:
                width = _width(int(data[place]))
                is_mark = place > begin and int(points[_decode(data, place)]) & MARK != 0
                if not is_mark:
                    at[characters] = written
                    characters += 1
                for step in range(width):
                    framed[written] = data[place + step]
                    written += 1
                place += width
            sizes = run_sizes
            kind = OTHER
            if is_run:
                at[characters] = written
            else:
                if characters > most + 1:
                    # Once more, as far as it is cut.
                    last = int(at[most + 1])
                    moved = written - at[0]
                    for step in range(at[0], last):
                        framed[written] = framed[step]
                        written += 1
                    for step in range(most + 1):
                        at[step] += moved
                    characters = most + 1
                at[characters] = written
                framed[written] = SPACE
                written += 1
                characters += 1
                at[characters] = written
                sizes = word_sizes
                kind = PIECE_OF_WORD
            if not is_run or characters < sizes[0]:
                begins[count], lengths[count], kinds[count] = whole, stop - whole, OTHER
                count += 1
            for size in sizes:
                if size < characters or (is_run and size == characters):
                    for start in range(characters - size + 1):
                        begins[count] = at[start]
                        lengths[count] = at[start + size] - at[start]
                        kinds[count] = kind
                        count += 1
        for feature in range(starts[name], count):
            keys[feature] = _key(
                framed, int(begins[feature]), int(lengths[feature]), int(kinds[feature])
            )
        starts[name + 1] = count
    return count


@compiled
def number_features(
    data: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    keys: np.ndarray,
    ids: np.ndarray,
    first: np.ndarray,
) -> int:
    """Number what differs in bytes or kind; return how many do.

    ``ids`` int32 [n]; ``first`` int64 [n]: the first place of each number.
    """
    table = np.zeros(2 * LEAST_SLOTS, np.int64)
    count = 0
    for feature in range(len(begins)):
        table = _with_room(table, count)
        key, length = int(keys[feature]), int(lengths[feature])
        slot = _slot(key, len(table))
        while table[slot + 1]:
            if table[slot] == key:
                known = int(first[table[slot + 1] - 1])
                if key >= 0 or (
                    lengths[known] == length
                    and kinds[known] == kinds[feature]
                    and _same(data, int(begins[feature]), data, int(begins[known]), length)
                ):
                    break
            slot = (slot + 2) & (len(table) - 1)
        if table[slot + 1] == 0:
            first[count] = feature
            count += 1
            table[slot], table[slot + 1] = key, count
        ids[feature] = table[slot + 1] - 1
    return count


@compiled
def describe(
    data: np.ndarray,
    offsets: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    keys: np.ndarray,
) -> None:
    """Tell of names, each a string, what :func:`cut` tells of features."""
    for name in range(len(offsets) - 1):
        begin, end = int(offsets[name]), int(offsets[name + 1])
        kind = OTHER
        if begin < end and data[begin] == SPACE:
            kind = PIECE_OF_WORD
            begin += 1
        begins[name], lengths[name], kinds[name] = begin, end - begin, kind
        keys[name] = _key(data, begin, end - begin, kind)


@compiled
def look_up(
    data: np.ndarray,
    begins: np.ndarray,
    lengths: np.ndarray,
    kinds: np.ndarray,
    keys: np.ndarray,
    known_data: np.ndarray,
    known_begins: np.ndarray,
    known_lengths: np.ndarray,
    known_kinds: np.ndarray,
    table: np.ndarray,
    adds: bool,
    ids: np.ndarray,
) -> None:
    """Find features among known ones: ``ids`` int32 [n], the place of each, or -1.

    With ``adds``, what is looked up is what is known, and all that is not in the table is put
    there.
    """
    for feature in range(len(begins)):
        key, length = int(keys[feature]), int(lengths[feature])
        slot = _slot(key, len(table))
        while table[slot + 1]:
            if table[slot] == key:
                known = int(table[slot + 1]) - 1
                if key >= 0 or (
                    known_lengths[known] == length
                    and known_kinds[known] == kinds[feature]
                    and _same(
                        data, int(begins[feature]), known_data, int(known_begins[known]), length
                    )
                ):
                    break
            slot = (slot + 2) & (len(table) - 1)
        if adds and table[slot + 1] == 0:
            table[slot], table[slot + 1] = key, feature + 1
        ids[feature] = table[slot + 1] - 1


@compiled
def number_pairs(
    units: np.ndarray,
    starts: np.ndarray,
    fits: np.ndarray,
    pair_keys: np.ndarray,
    pairs: np.ndarray,
) -> int:
    """Number the pairs of units that stand side by side and both fit; return how many differ.

    ``fits`` uint8 [names]. ``pair_keys`` int64: first · names + second, of each number; ``pairs``
    int32 [units]: the number of the pair that begins there, or -1.
    """
    names = len(fits)
    table = np.zeros(2 * LEAST_SLOTS, np.int64)
    count = 0
    for text in range(len(starts) - 1):
        for place in range(starts[text], starts[text + 1]):
            pairs[place] = -1
            if place + 1 == starts[text + 1]:
                continue
            first, second = int(units[place]), int(units[place + 1])
            if not (fits[first] and fits[second]):
                continue
            table = _with_room(table, count)
            key = first * names + second
            slot = _seek(table, key)
            if table[slot + 1] == 0:
                pair_keys[count] = key
                count += 1
                table[slot], table[slot + 1] = key, count
            pairs[place] = table[slot + 1] - 1
    return count


@compiled
def index_pairs(pair_keys: np.ndarray, ids: np.ndarray, table: np.ndarray) -> None:
    """Put pairs in a table, each with its id, int32; of equal ones the first counts."""
    for pair in range(len(pair_keys)):
        key = int(pair_keys[pair])
        slot = _seek(table, key)
        if table[slot + 1] == 0:
            table[slot], table[slot + 1] = key, ids[pair] + 1


@compiled
def look_up_pairs(
    units: np.ndarray,
    starts: np.ndarray,
    members: np.ndarray,
    count: int,
    table: np.ndarray,
    pairs: np.ndarray,
) -> None:
    """Find the pairs of units that stand side by side: ``pairs`` int32 [units], an id, or -1.

    ``members`` int32 [names]: what a unit is called in the table of pairs, each of which is
    first · count + second there; -1 where it is in none.
    """
    for text in range(len(starts) - 1):
        for place in range(starts[text], starts[text + 1]):
            pairs[place] = -1
            if place + 1 == starts[text + 1]:
                continue
            first, second = int(members[units[place]]), int(members[units[place + 1]])
            if first < 0 or second < 0:
                continue
            key = first * count + second
            slot = _seek(table, key)
            pairs[place] = table[slot + 1] - 1


@compiled
def count_groups(
    units: np.ndarray,
    starts: np.ndarray,
    rows: np.ndarray,
    groups: np.ndarray,
    feature_starts: np.ndarray,
    features: np.ndarray,
    pairs: np.ndarray,
    before_pairs: int,
    found: np.ndarray,
) -> None:
    """Count in how many groups of texts each feature is: ``found`` int64 [features and pairs].

    ``rows`` int64: the texts, those of a group side by side, and ``groups`` int64, of each of them.
    ``features`` int32: those of each unit, from its place in ``feature_starts`` on; a pair's
    number is its own and ``before_pairs``.
    """
    names = len(feature_starts) - 1
    seen = np.full(len(found), -1, np.int64)
    read = np.full(names, -1, np.int64)
    number = -1
    for place in range(len(rows)):
        if place == 0 or groups[place] != groups[place - 1]:
            number += 1
        text = rows[place]
        for at in range(starts[text], starts[text + 1]):
            unit = units[at]
            if pairs[at] >= 0:
                pair = before_pairs + pairs[at]
                if seen[pair] != number:
                    seen[pair] = number
                    found[pair] += 1
            if read[unit] == number:
                continue
            read[unit] = number
            for step in range(feature_starts[unit], feature_starts[unit + 1]):
                feature = features[step]
                if seen[feature] != number:
                    seen[feature] = number
                    found[feature] += 1


@compiled
def count_each(
    units: np.ndarray,
    starts: np.ndarray,
    feature_starts: np.ndarray,
    features: np.ndarray,
    pairs: np.ndarray,
    known: int,
    ends: np.ndarray,
    ids: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Count how often each text has each known feature.

    ``features``, ``pairs`` int32: as in :func:`count_groups`, -1 where a feature is not known.
    ``ends`` int64 [n + 1]: text i has ``ids[ends[i] : ends[i + 1]]``, int32, ascending, as often
    as ``counts`` int32 says.
    """
    times = np.zeros(known + 1, np.int32)
    # A bit for each id, and one for each 32 of these: finds them in their order without a sort.
    bits = np.zeros(known // 32 + 1, np.int64)
    groups = np.zeros(known // 1024 + 1, np.int64)
    # How often the text at hand has a unit.
    units_of = np.zeros(len(feature_starts), np.int32)
    total = 0
    ends[0] = 0
    for text in range(len(starts) - 1):
        for at in range(starts[text], starts[text + 1]):
            units_of[units[at]] += 1
        for at in range(starts[text], starts[text + 1]):
            feature = int(pairs[at])
            if feature >= 0:
                if times[feature] == 0:
                    bits[feature >> 5] |= 1 << (feature & 31)
                    groups[feature >> 10] |= 1 << (feature >> 5 & 31)
                times[feature] += 1
            unit = units[at]
            often = units_of[unit]
            if often == 0:
                continue
            units_of[unit] = 0
            for step in range(feature_starts[unit], feature_starts[unit + 1]):
                feature = int(features[step])
                if feature < 0:
                    continue
                if times[feature] == 0:
                    bits[feature >> 5] |= 1 << (feature & 31)
                    groups[feature >> 10] |= 1 << (feature >> 5 & 31)
                times[feature] += often
        for group in range(len(groups)):
            while groups[group]:
                upper = groups[group] & -groups[group]
                groups[group] ^= upper
                word = group << 5 | BIT_OF[(upper * DE_BRUIJN & MASK) >> 27]
                while bits[word]:
                    lower = bits[word] & -bits[word]
                    bits[word] ^= lower
                    feature = word << 5 | BIT_OF[(lower * DE_BRUIJN & MASK) >> 27]
                    ids[total], counts[total] = feature, times[feature]
                    times[feature] = 0
                    total += 1
        ends[text + 1] = total


@compiled
def checksum(data: np.ndarray, offsets: np.ndarray, of_bytes: np.ndarray, sums: np.ndarray) -> None:
    """Compute the CRC-32 of strings, by what it makes of each byte: ``sums`` uint32 [n]."""
    for name in range(len(offsets) - 1):
        found = MASK
        for place in range(offsets[name], offsets[name + 1]):
            found = found >> 8 ^ int(of_bytes[(found ^ int(data[place])) & 0xFF])
        sums[name] = found ^ MASK
