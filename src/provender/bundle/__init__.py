"""What is published: the site's constants, its page, the same as one file, and Node for scripts.

In: vocabulary, labels, recipe and the TensorFlow.js formats; the scripts of ``web/``.
Out: ``dist/bundle/`` and ``dist/npm/``.
Imports ``text``.
"""

__all__ = ["constants", "node", "package_readme", "page", "serve", "single_page"]
