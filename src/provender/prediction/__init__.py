"""Answers of a built model in Python: the very ones of the page.

In: a bundle, a release or an npm package's folder, and texts from a table or a line each.
Out: the best labels of each text, with their scores; how two models differ on the same texts; which
texts to label next.
Imports ``text``, ``model``, ``bundle``, ``sources`` and ``reproduction``, which reads any weights.
"""

__all__ = ["answers", "bundles", "compare", "predict", "suggest"]
