"""Which posts are used, and in which split.

In: ``data/source/news.sqlite``, and the compiled recipe, by which texts count as the same.
Out: ``data/splits/*.parquet``: train, validation, test and augmented; and counts of what was
dropped.
Imports ``text``.
"""

__all__ = ["rules", "strip", "tables"]
