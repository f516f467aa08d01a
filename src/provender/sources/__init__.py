"""Labelled texts, whatever their source, as one table.

In: the newsgroups' archive, a table of a SQLite database, or docstrings of installed packages;
one module a kind, and each yields :class:`posts.Post`.
Out: ``data/source/news.sqlite``, with the table ``news(Data, Category, Year)``.
Imports no other room.
"""

__all__ = ["docstrings", "newsgroups", "posts", "sqlite"]
