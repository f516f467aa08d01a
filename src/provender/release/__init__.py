"""Writes a recorded build as a release, with the evidence of what it was made from.

In: a clean commit, ``dvc.lock``, a remote that holds the build, and perhaps a key.
Out: ``dist/releases/NAME-VERSION/``: the bundle, the statement and its envelope, documents.
Imports ``bundle``, ``model``, ``running`` and ``versioning``.
"""

__all__ = [
    "archive",
    "canaries",
    "crate",
    "mlbom",
    "model_card",
    "preconditions",
    "ready",
    "run_facts",
    "signing",
    "statement",
    "write",
]
