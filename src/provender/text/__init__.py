"""From a text to the ids of its words, alike in Python and in JavaScript.

In: ``config/text.yaml``, the recipe as a person writes it, and texts.
Out: ``data/vocabulary/text.json``, the recipe with its Unicode tables, which ``web/src/text.js``
reads as well; words and their ids.
Imports no other room.
"""

__all__ = [
    "counting",
    "encode",
    "grams",
    "loops",
    "pattern",
    "recipe",
    "scripts",
    "tables",
    "words",
]
