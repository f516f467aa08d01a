"""Which posts are used, and in which split.

In: ``data/source/news.sqlite``.
Out: ``data/splits/*.parquet``: train, validation, test and augmented; and counts of what was
dropped.
Imports no other room.
"""

__all__ = ["rules", "strip", "tables"]
