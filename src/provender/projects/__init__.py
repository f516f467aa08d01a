"""Projects in folders of their own: how one is begun, and kept up.

In: a table in a file, looked at.
Out: a folder with a configuration, a Snakefile and what DVC and git need, and the packages that a
build needs besides.
Imports ``prediction``, ``running``, ``sources`` and ``versioning``.
"""

__all__ = ["begin", "environment", "look", "update"]
