"""Labelled texts, whatever their source, as one table.

In: the newsgroups' archive, a table of the user's own in SQLite, CSV, JSON Lines or Parquet, or
docstrings of installed packages;
one module a kind, and each yields :class:`posts.Post`; ``tables`` reads any table, ``store`` gives
files of an object store.
Out: ``data/source/news.sqlite``, with the table ``news(Data, Category, Year)``.
Imports no other room.
"""

__all__ = [
    "columns",
    "csv",
    "docstrings",
    "jsonl",
    "newsgroups",
    "parquet",
    "posts",
    "sqlite",
    "store",
    "tables",
    "vectors",
]
