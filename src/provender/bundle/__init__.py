"""What is published: the site's constants, the page as one file, and Node, which builds both.

In: vocabulary, labels, recipe and the TensorFlow.js formats; the scripts of ``web/``.
Out: ``dist/bundle/`` and ``dist/npm/``.
Imports ``text``.
"""

__all__ = ["constants", "node", "package_readme", "serve", "single_page"]
