"""Projects in folders of their own: how one is begun.

In: a table in a file, looked at.
Out: a folder with a configuration, a Snakefile and what DVC and git need, and the packages that a
build needs besides.
Imports ``sources``, ``config``, ``running`` and ``versioning``.
"""

__all__ = ["begin", "environment", "look"]
