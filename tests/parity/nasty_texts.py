"""Texts on which languages and browsers are likely to differ."""

import random

SEED = 20
TEXTS = 3000

# Characters a text; some texts are longer than what is read of a text.
LENGTHS = [0, 1, 5, 20, 80, 400]
LONG_TEXTS = 3

# Where languages, browsers or editions of Unicode differ: final sigma, dotted and dotless i,
# letters with a lower case of other length, in ASCII or only by context, marks on their own,
# line ends of all kinds, joiners, and the last code points of planes.
NASTY = (
    "ΣσςİıIi\u0307ßẞŉǰΐᾳᾼﬁ\u212a\u212bǄǅǆⅫⅻⒶⓐªº²½٣३๓"
    "\u0300\u0301\u0345\u064b\u093f\u0e33\u20e3\ufe0f"
    "\0\t\n\v\f\r\x1c\x1f\x7f\x85\xa0\xad\u1680\u180e\u2028\u2029\u202f\u3000\ufeff"
    "\u200b\u200c\u200d\u2060👩🚀🏽🇪🇺"
    "\ud7ff\ue000\ufdd0\ufffd\uffff\U00010000\U0001ffff\U000e0041\U0010ffff"
    "𐐀𐐨𞤀𞤢𝐀𝟘ꭰᏸᲐ\ua7cb\ua7dc\ua7f2"
)
RANGES = [
    (0x00, 0x7F), (0x80, 0x24F), (0x370, 0x52F), (0x530, 0x6FF), (0x900, 0x1FFF),
    (0x2000, 0x2E7F), (0x3000, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x10FFFF),
]  # fmt: skip


def draw_texts(longer_than: int) -> list[str]:
    """Return made-up texts, the same for the same seed; some have more characters than given."""
    chance = random.Random(SEED)

    def character() -> str:
        kind = chance.random()
        if kind < 0.5:
            return chance.choice("abcXYZ019 '-.,$\\")
        return chance.choice(NASTY) if kind < 0.8 else chr(chance.randint(*chance.choice(RANGES)))

    lengths = chance.choices(LENGTHS, k=TEXTS - LONG_TEXTS) + [longer_than + 50] * LONG_TEXTS
    return ["".join(character() for _ in range(length)) for length in lengths]
