"""Builds again in other surroundings, and compares every file.

In: this project, or two folders with a build each.
Out: which files differ, and what inside them.
Imports ``model`` and ``running``.
"""

__all__ = ["clone", "differences", "reproduce", "tensors"]
