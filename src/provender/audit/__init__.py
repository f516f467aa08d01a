"""Tells whether a release is what it says, and traces a file back to its inputs.

In: a release as folder, archive or address, a clone or the address of its repository, a key.
Out: findings, each confirmed, refuted or undecided; reports as text, HTML and JSON.
Imports ``bundle``, ``release``, ``reproduction``, ``running`` and ``versioning``.
"""

__all__ = ["command", "options"]
